/* What the simulated authority answers, without I/O: a request in, an answer out.
 *
 * It plays Entra and Google alike. Everybody is good, except an app whose id begins with "error-":
 * what follows is the AADSTS number or the OAuth error that it gets. */
#ifndef SIMULATE_AUTHORITY_ANSWER_H
#define SIMULATE_AUTHORITY_ANSWER_H

#include "base/buffer.h"
#include "simulate/script.h"

enum { SIM_GRANTS_KEPT = 16, SIM_GRANT_SIZE = 48 };

/* What was given out and may come back. {0} is nothing. */
struct sim_grants {
    char devices[SIM_GRANTS_KEPT][SIM_GRANT_SIZE];
    int polls[SIM_GRANTS_KEPT];    /* how often each device asked */
    bool offline[SIM_GRANTS_KEPT]; /* wants a refresh token */
    char refreshes[SIM_GRANTS_KEPT][SIM_GRANT_SIZE];
    /* of people who came with a browser (RFC 7636): what each code was asked for with */
    struct sim_code {
        char code[SIM_GRANT_SIZE], challenge[SIM_GRANT_SIZE], redirect[2 * SIM_GRANT_SIZE];
        bool offline;
    } codes[SIM_GRANTS_KEPT];
    unsigned device_count, refresh_count, code_count; /* ever; the oldest is forgotten first */
};

struct sim_request {
    struct bytes method, path, query; /* without '?'; empty: none */
    struct bytes host;                /* as it was asked for, with the port; empty: not said */
    struct bytes bearer;              /* of Authorization; empty: none */
    struct bytes body;
};

/* Appends the answer's body, JSON, to OUT, or with status 302 the address to go on to; returns the
 * HTTP status. NOW is Unix seconds. */
int sim_authority_answer(struct sim_grants *grants, const struct sim_accounts *accounts,
                         const struct sim_request *request, int64_t now, struct buffer *out);

/* The value of field NAME of FORM, decoded into OUT with a terminator; NULL when there is none. */
const char *sim_form_field(struct bytes form, const char *name, struct buffer *out);

/* An error of Entra's by number: the OAuth word, and its text; NULL when it is not in the table. */
struct sim_refusal {
    int number;
    const char *error, *text;
};
const struct sim_refusal *sim_refusal_find(int number);

#endif
