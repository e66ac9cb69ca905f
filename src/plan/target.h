/* What the user typed, understood: DESIGN section 4. No network. */
#ifndef PLAN_TARGET_H
#define PLAN_TARGET_H

#include "result/trace.h"

enum target_kind { TARGET_ADDRESS, TARGET_NAME, TARGET_HOST_PORT, TARGET_URL };

struct target {
    enum target_kind kind;
    const char *input;
    const char *address; /* user@domain as typed, the domain in its ASCII form; NULL */
    const char *domain;  /* of the address, ASCII, lower case; NULL */
    const char
        *host; /* ASCII (IDNA 2008) lower case, or a numeric address; NULL for TARGET_ADDRESS */
    const char *user; /* of a URL; NULL */
    int port;         /* 0: none given */
    int service;      /* enum service, -1 unknown */
    int security;     /* enum security, -1 unknown */
};

/* False and one line (release with free()) when INPUT is no target: empty, not UTF-8, a control
 * character, an address without a domain, a label over 63 or a name over 253 bytes, a port outside
 * 1 to 65535, an unknown scheme. Strings are ARENA's. A TARGET_NAME may be a domain or a host:
 * discovery tells. */
bool target_parse(struct target *ret_target, struct arena *arena, const char *input,
                  char **ret_error);

#endif
