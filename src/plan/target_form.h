/* The forms of a target, for target.c and target_url.c alone. */
#ifndef PLAN_TARGET_FORM_H
#define PLAN_TARGET_FORM_H

#include "plan/target.h"

/* One parse under way. */
struct form {
    struct target *target;
    struct arena *arena;
    const char *why; /* set by whoever returns false */
};

/* Sets why; false, to be returned. */
bool form_reject(struct form *form, const char *why);
bool form_is_numeric(const char *text);
/* Each writes into TEXT while it reads. */
bool form_read_authority(struct form *form, char *text); /* host, host:port, [v6], [v6]:port */
bool form_read_url(struct form *form, char *text);
/* Fills address and domain. */
bool form_read_address(struct form *form, const char *text);

#endif
