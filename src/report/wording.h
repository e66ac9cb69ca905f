/* The words of the text report, and the questions that several of its parts ask of a result. */
#ifndef REPORT_WORDING_H
#define REPORT_WORDING_H

#include "base/buffer.h"
#include "result/result.h"

/* Who mends it, as a person says it: "your Microsoft 365 administrator", "your network team", ...
 * Appended to OUT; nothing for OWNER_NONE. */
void wording_owner(struct buffer *out, const struct result *result, enum owner owner);
const char *wording_confidence(enum confidence confidence); /* "sure", "probably", "maybe"; "" */

/* Where in the dialogue words were said: "at login", "in its greeting"; "" for no stage. */
const char *wording_stage(enum stage stage);

/* What a further connection was for: "a second connection, to see what answers:"; NULL for the main
 * one. */
const char *wording_purpose(enum purpose purpose);

/* "0.4 ms", "21 ms", "5.2 s", "17 s". */
enum { DURATION_SIZE = 32 };
const char *wording_duration(int64_t ns, char text[static DURATION_SIZE]);

/* "Microsoft 365", or "this provider" where no name is known. */
const char *wording_provider(const struct result *result);

/* What the user typed, short: the address if there is one. */
const char *wording_target(const struct result *result);

/* Whose mailbox the test message went to, where that is another account, and what became of it
 * there; appended to OUT. Only for a result with a recipient. */
void wording_recipient(struct buffer *out, const struct result *result);

/* How far the best endpoint that can meet one of NEEDS came. */
enum way {
    WAY_NONE,  /* nowhere, or a fault ended it */
    WAY_OPEN,  /* all but the login is well, and none was tried */
    WAY_PROVEN /* a login or a message was accepted, and all after it went well */
};
enum way wording_way(const struct result *result, unsigned needs);
enum way wording_endpoint_way(const struct endpoint *endpoint);

/* Why the login of this endpoint was not tried; BLOCK_NONE when it was, or nothing says why. */
enum login_block wording_login_block(const struct endpoint *endpoint);

/* Was the test message accepted, whether behind a login or without one. */
bool wording_mail_accepted(const struct result *result);
/* Was anything proven, a login or the message: then the verdict rests on more than an open way. */
bool wording_proven(const struct result *result);

/* Was any login accepted; was one held back for an earlier run's sake. */
bool wording_login_accepted(const struct result *result);
const struct step *wording_held_back(const struct result *result);

/* The finding the verdict rests on; NULL when there is none. */
const struct finding *wording_cause(const struct result *result);
const struct endpoint *wording_endpoint(const struct result *result, const char *id);

bool wording_same(const char *a, const char *b);                 /* NULL equals NULL only */
const char *wording_or(const char *text, const char *otherwise); /* for a NULL or empty text */

#endif
