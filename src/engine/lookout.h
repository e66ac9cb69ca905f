/* Looks for the test message in the mailbox of one account, over IMAP where that login was
 * accepted, else over POP3: again and again until it is there, or what came in its place, or the
 * time is up. Whatever is of this run is removed. */
#ifndef ENGINE_LOOKOUT_H
#define ENGINE_LOOKOUT_H

#include "engine/walk.h"
#include "probes/arrival.h"

struct lookout;

struct lookout_options {
    const struct walk_shared *shared; /* of the account; borrowed until lookout_close() */
    const struct submission_facts *submission;
    bool copy_only;      /* only the copy among what was sent, to remove it */
    int wait_ms;         /* how long; not with copy_only */
    loop_function *done; /* once, never inside lookout_start() */
    void *arg;
};

/* An endpoint whose mailbox opened in this run; NULL: none. With COPY_ONLY not over POP3, which
 * does not show what was sent. */
struct endpoint *lookout_mailbox(const struct trace *trace, bool copy_only);

/* NULL where lookout_mailbox() is none. */
struct lookout *lookout_start(const struct lookout_options *options);
/* No further look: what was found is removed, then done(), unless that was called before. */
void lookout_stop(struct lookout *lookout);
bool lookout_is_over(const struct lookout *lookout); /* done() was called */
/* Ends it in any state. NULL inside is legal. */
void lookout_close(struct lookout **lookout);

/* What came of it so far. */
const struct arrival *lookout_found(const struct lookout *lookout);
const struct endpoint *lookout_endpoint(const struct lookout *lookout);
bool lookout_has_looked(const struct lookout *lookout); /* the mailbox did open */
int64_t lookout_waited_ns(const struct lookout *lookout);
/* When what was found last was read, on the monotonic clock; -1: nothing was. */
int64_t lookout_found_ns(const struct lookout *lookout);

#endif
