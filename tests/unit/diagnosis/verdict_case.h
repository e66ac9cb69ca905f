/* A row of the tables of verdicts: a run, and the answer that a person should get. */
#ifndef TESTS_DIAGNOSIS_VERDICT_CASE_H
#define TESTS_DIAGNOSIS_VERDICT_CASE_H

#include "story.h"

#define TENANT                                                                                     \
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "       \
    "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information."
#define INCORRECT "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect."
#define BASIC "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."
#define POSTFIX "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"
#define M365 "microsoft365"

enum { OK = NEED_STATUS_OK, FAIL = NEED_STATUS_FAIL, NONE = NEED_STATUS_UNTESTED };

struct verdict_case {
    const char *name;
    struct story story;
    const char *judge;
    int exit;
    const char *class_id; /* NULL: none */
    int send, read;       /* of enum need_status */
};

/* How many of CASES get another answer; each is printed as a comment. */
int verdict_cases_fail(const struct verdict_case *cases, size_t count);
/* Is there a case that JUDGE decides? */
bool verdict_cases_have(const struct verdict_case *cases, size_t count, const char *judge);

#endif
