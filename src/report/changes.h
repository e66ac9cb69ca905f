/* What changed between two runs: a pure function of both results. It says what is different, and
 * judges only what is plain: a need that failed and works again is better. */
#ifndef REPORT_CHANGES_H
#define REPORT_CHANGES_H

#include "base/buffer.h"
#include "result/result.h"

enum change_kind {
    CHANGE_TARGET,   /* the baseline is of another target */
    CHANGE_VERDICT,  /* its status or its class */
    CHANGE_CLASS,    /* an error or a warning came or went */
    CHANGE_ENDPOINT, /* how a port ended */
    CHANGE_CERTIFICATE,
    CHANGE_ADDRESS,    /* what a host's name leads to */
    CHANGE_CAPABILITY, /* what a port offers, and the version of TLS */
    CHANGE_TIME,       /* clearly slower only: three times as long, and a quarter of a second */
    CHANGE_KIND_COUNT
};
enum change_way { CHANGE_WORSE, CHANGE_BETTER, CHANGE_OTHER, CHANGE_WAY_COUNT };

const char *change_kind_name(enum change_kind kind); /* "target", "verdict", "class", ... */
const char *change_way_name(enum change_way way);    /* "worse", "better", "other" */

/* Strings are the arena's or the results'. */
struct change {
    struct change *next;
    enum change_kind kind;
    enum change_way way;
    const char *subject;        /* the endpoint's id, the host, the class; "" for the whole run */
    const char *before, *after; /* NULL: was not there */
    const char *words;          /* a sentence, raw */
};

struct changes {
    struct arena arena;
    struct change *first, *last; /* by kind */
    int counts[CHANGE_WAY_COUNT];
};

/* {0} becomes what is different in RESULT since BASELINE, which both must outlive it. */
void changes_find(struct changes *changes, const struct result *baseline,
                  const struct result *result);
void changes_done(struct changes *changes);

/* Appends "Since 2026-11-20 10:14 UTC", or that nothing changed since then. */
void changes_title(struct buffer *line, const struct changes *changes,
                   const struct result *baseline);

#endif
