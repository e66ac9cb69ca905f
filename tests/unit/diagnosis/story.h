/* Traces in a few words, for the tests of findings and verdicts.
 *
 * A story is a line per endpoint: the port, what is expected of it (o offered, p optional, n not
 * offered, u unknown; then t for a transfer port, g for a guessed host), and what happened there:
 *
 *     dns KIND             its name could not be looked up
 *     connect KIND         no address answered
 *     proxy KIND [WORDS]   a proxy was in the way; "*": it was heard, and said nothing else
 *     blocked PORT         likewise, while that other port of the same address does
 *     notwaited            the connection was still open when nobody needed it any more
 *     greeting KIND [TEXT] and ehlo, starttls, tls, auth: the step failed in that way
 *     greeting-said WORDS  and ehlo-said, starttls-said: it was refused with these words
 *     cut                  the run ended in the middle
 *     open                 everything up to the login; none was given
 *     held BLOCK           the login was held back
 *     earlier WORDS        it was held back, since an earlier run got these words
 *     unfit MECHANISMS     nothing offered fits
 *     refused WORDS        the login was refused
 *     token-refused WORDS  the same of an access token; token-accepted: it is good
 *     bound-refused WORDS  a login bound to the TLS connection was
 *     accepted             the login and the mailbox are good
 *     parting KIND         all is good, but the goodbye failed
 *     mailbox WORDS        the login is good, the mailbox was refused
 *     cert WHAT            a bad certificate; the login was held back for it
 *     dated WHAT DAYS      the same, and the greeting's date is that far ahead of this machine's
 *     weak WHAT            a weak certificate; the login was accepted all the same
 *     half ADDRESS KIND    the login was accepted on one address, this other one failed
 *
 * KIND is a word of base/failure.h; "\\n" in WORDS begins a new line. */
#ifndef TESTS_DIAGNOSIS_STORY_H
#define TESTS_DIAGNOSIS_STORY_H

#include "result/result.h"

struct story {
    const char *provider; /* NULL: "generic" */
    unsigned needs;       /* 0: NEED_SEND | NEED_READ */
    const char *cut_by;   /* NULL: the run is complete */
    const char *lines;
};

/* A result with a trace and nothing else; release with result_free(). */
struct result *story_tell(const struct story *story);

/* The first finding of that class on that port (0: of no endpoint); NULL when there is none. */
struct finding *story_finding(const struct result *result, const char *id, int port);

enum { STORY_NOW = 1795341240 }; /* 2026-11-22 09:54 UTC, the run's now in Unix seconds */

#endif
