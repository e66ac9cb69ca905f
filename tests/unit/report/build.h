/* Builders for cases.c: a run against Microsoft 365 or another host, phase by phase. */
#ifndef TESTS_REPORT_BUILD_H
#define TESTS_REPORT_BUILD_H

#include "samples.h"

/* An address given, at Microsoft 365 or elsewhere; verdict unknown yet. */
struct result *build_microsoft(const char *address);
struct result *build_generic(const char *input);

/* An endpoint and its main attempt, with its name found. */
struct attempt *build_endpoint(struct result *result, const char *host, int port);
struct endpoint *build_last(struct result *result);
struct endpoint *build_unreached(struct result *result, const char *host, int port,
                                 enum expectation expectation);

/* Each adds to the last endpoint of RESULT. */
void build_connect(struct result *result, double ms);
void build_no_connect(struct result *result, const char *address, enum failure_kind kind,
                      double ms);
void build_good(struct result *result, const char *name, enum stage stage, double ms);
void build_tls(struct result *result, double ms);
struct tls_facts *build_certificate_problem(struct result *result, const char *problem);
void build_skipped(struct result *result, const char *name, enum stage stage, const char *why);
struct step *build_failed(struct result *result, const char *name, enum stage stage, double ms,
                          enum failure_kind kind, const char *reply);
void build_login_ok(struct result *result, double ms);
/* All up to the login. */
void build_way(struct result *result, const char *host, int port, double connect_ms, double tls_ms);

/* The finding of a class, and the verdict that rests on it. */
struct finding *build_finding(struct result *result, const char *class_id, enum severity severity,
                              enum stage stage, const char *endpoint, const char *title);
void build_evidence(struct result *result, struct finding *finding, const char *step,
                    const char *line);
void build_verdict(struct result *result, const struct finding *finding, enum owner owner,
                   enum confidence confidence, const char *summary, const char *meaning);

#endif
