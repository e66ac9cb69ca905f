/* The stages of a mail client's path, in the order a client walks them, and the words reports use
 * for them. */
#ifndef BASE_STAGE_H
#define BASE_STAGE_H

enum stage {
    STAGE_NONE,
    STAGE_RESOLVE,
    STAGE_CONNECT,
    STAGE_GREETING,
    STAGE_CAPABILITY,
    STAGE_STARTTLS,
    STAGE_TLS,
    STAGE_LOGIN,
    STAGE_MAILBOX,
    STAGE_SUBMIT,
    STAGE_GOODBYE,
    STAGE_COUNT
};

/* "resolve", "connect", "greeting", "capability", "starttls", "tls", "login", "mailbox", "submit",
 * "goodbye". */
const char *stage_name(enum stage stage);
enum stage stage_parse(const char *name); /* STAGE_NONE when unknown */

#endif
