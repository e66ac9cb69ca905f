/* How findings are made: shared by the files that each look at one part of a trace. */
#ifndef DIAGNOSIS_SURVEY_H
#define DIAGNOSIS_SURVEY_H

#include "diagnosis/classify.h"
#include "diagnosis/fill.h"
#include "providers/provider.h"
#include "result/result.h"

/* One walk over a trace. */
struct survey {
    struct result *result;
    struct trace *trace;
    struct arena *arena;
    const struct provider *provider; /* the target's; NULL unknown */
    const struct rules *own;         /* the user's own; NULL none */
};

/* What is said of ENDPOINT (NULL: of no single one), before anything special is known. */
struct values survey_values(const struct survey *survey, const struct endpoint *endpoint);

/* "SMTP", "IMAP", "POP3". */
const char *survey_service_word(const struct endpoint *endpoint);

/* What is said of a mailbox rather than of a login: with --as they are not the same. */
void survey_mailbox_values(const struct survey *survey, struct values *values);

/* The family whose rules apply to what ENDPOINT says: its host's, else the target's. NULL unknown.
 */
const char *survey_family(const struct survey *survey, const struct endpoint *endpoint);

/* The finding of that class on that endpoint and address (NULL: all of them): the one that stands
 * already, or a new one with the catalogue's texts and VALUES filled in. Without an endpoint it is
 * always a new one. NULL when CLASSIFIED is no class. */
struct finding *survey_add(struct survey *survey, struct classified classified,
                           const struct endpoint *endpoint, const char *address,
                           const struct values *values);

/* Adds a row of evidence; everything is borrowed from the trace. FINDING may be NULL. */
void survey_evidence(struct survey *survey, struct finding *finding,
                     const struct endpoint *endpoint, const char *address, const char *step,
                     int64_t at_ns, struct bytes line);

/* Adds what STEP shows: the server's words, or ours where it said none. */
void survey_step_evidence(struct survey *survey, struct finding *finding,
                          const struct endpoint *endpoint, const char *address,
                          const struct step *step);

/* Sets {allow}: what a firewall is to allow for ENDPOINT, where its provider publishes that. */
void survey_allow(const struct survey *survey, struct values *values,
                  const struct endpoint *endpoint);
/* Addresses of names that the provider's list does not have: worth knowing, and nobody's fault. */
void survey_published(struct survey *survey);

/* A failure in our words: "no answer within 6 s", "connection refused". */
const char *survey_failure_words(struct arena *arena, const struct failure *failure,
                                 int64_t took_ns);

/* "40 ms", "3.3 s", "12 s" */
const char *survey_duration_words(struct arena *arena, int64_t took_ns);

/* The class of what STEP failed with: of the peer's words, where it said some, else of the event.
 */
struct classified survey_step_class(const struct survey *survey, const struct endpoint *endpoint,
                                    const struct step *step);

/* "before its greeting": when in the conversation STEP failed. */
const char *survey_when(const struct attempt *attempt, const struct step *step);

/* The class of "<stage>.<kind>". */
struct classified survey_event(enum stage stage, enum failure_kind kind);

/* What ICMP and the walk of the path make of an address that was not reached: its class, with the
 * place {box} set; no class where they tell nothing more. And the lines they are. */
struct classified survey_path_class(struct survey *survey, const struct address *address,
                                    struct values *values);
void survey_path_evidence(struct survey *survey, struct finding *finding,
                          const struct endpoint *endpoint, const struct address *address);
/* Connections that somebody else accepted. */
void survey_path(struct survey *survey, const struct endpoint *endpoint);

/* The parts. */
void survey_names(struct survey *survey);
/* The class of STEP, which failed on the way through a proxy. */
struct classified survey_proxy(const struct survey *survey, const struct endpoint *endpoint,
                               const struct step *step);
void survey_addresses(struct survey *survey, const struct endpoint *endpoint);
void survey_login(struct survey *survey, const struct endpoint *endpoint,
                  const struct attempt *attempt);
/* What came of the test message after it was accepted. */
void survey_delivery(struct survey *survey);
/* Second pass: where a login was not tried. The refusals of all endpoints must be known. */
void survey_held_back(struct survey *survey, const struct endpoint *endpoint,
                      const struct attempt *attempt);
/* What was tried in the mailbox behind it. */
void survey_exercise(struct survey *survey, const struct endpoint *endpoint);
/* The name of the step in evidence of a token alone. */
#define SURVEY_TOKEN_STEP "token"
/* What the access token says of why its login on ENDPOINT was refused with words that mean SAID:
 * the line of evidence, and *SAID is then what that means. NULL: no more than the words. */
const char *survey_token_cause(const struct survey *survey, const struct endpoint *endpoint,
                               const struct attempt *attempt, struct classified *said);
/* STEP was left out since its token could not be good: says so, and why. */
void survey_token_kept(struct survey *survey, const struct endpoint *endpoint,
                       const struct attempt *attempt, const struct step *step);
/* Do the claims of the run's token tell what it is good for? Then nothing need be inferred. */
bool survey_token_is_read(const struct survey *survey);
/* Last: no token was to be had, or no server looked at it. */
void survey_token(struct survey *survey);
void survey_tls(struct survey *survey, const struct endpoint *endpoint,
                const struct attempt *attempt);
/* What name servers say of ENDPOINT's host, compared. */
void survey_resolvers(struct survey *survey, const struct endpoint *endpoint);
/* Name servers that answer over TCP and not over UDP. */
void survey_dns_transport(struct survey *survey);
/* Who on the way refused the question, if not the name server itself; NULL: nobody did. */
const char *survey_dns_blocker(const struct lookup *lookup);
/* "signature expired"; NULL: a code that says nothing to people. */
const char *survey_ede_words(int code);
/* "which is private", where no public mail server can be; NULL for a public address. */
const char *survey_special_address(const char *text);
/* Boxes on the way. The event of a box that made STEP fail, with its sign among VALUES; NULL: none
 * did. survey_middlebox: what is seen of one although the conversation went on. */
const char *survey_box_event(const struct survey *survey, const struct endpoint *endpoint,
                             const struct attempt *attempt, const struct step *step,
                             struct values *values);
void survey_middlebox(struct survey *survey, const struct endpoint *endpoint,
                      const struct attempt *attempt);
/* The date in WORDS (RFC 5322 section 3.3) in Unix seconds; false when none is whole. */
bool survey_date_in(struct bytes words, int64_t *ret_unix_s);
/* A greeting that tells the time, and how far it is ahead of this machine's clock. */
struct clock_word {
    const struct endpoint *endpoint;
    const struct step *step;
    int64_t ahead_s;
};
/* Is this machine's clock days away from every server's that tells the time, and they agree? */
bool survey_clock(const struct survey *survey, struct clock_word *ret);
/* Adds what STEP was like with small packets, where that was tried. */
void survey_small_packets(struct survey *survey, struct finding *finding,
                          const struct endpoint *endpoint, const struct step *step);
/* True when the certificate, of a name that matches, was made on the way: then its issuer is no
 * fault of the server's. */
bool survey_inspection(struct survey *survey, const struct endpoint *endpoint,
                       const struct attempt *attempt);
/* "IPv6" when HOST has no address of that family, and of the other one nothing was asked, or an
 * address is known; likewise "IPv4". NULL: both families were asked for in vain, or both found. */
const char *survey_one_family(const struct survey *survey, const char *host);
/* Was nothing of HOST's names found? Then its endpoints have no fault of their own. */
bool survey_name_failed(const struct survey *survey, const char *host);

#endif
