/* The event loop: the one door to libuv. One thread; everything calls back on it.
 *
 * Handles are freed by the loop once libuv lets go of them; stopping one is legal in any callback,
 * its own included, and sets the caller's pointer to NULL. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;

typedef void loop_function(void *arg);

/* NULL when the process has no descriptor left. */
struct loop *loop_new(void);
/* Stops every handle that is left and frees the loop. Pending work is waited for, but its done is
 * not called. Not from a callback; NULL is legal. */
void loop_free(struct loop *loop);
/* Runs until loop_stop(), or until nothing is left to wait for (signals are not waited for). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls FUNCTION once, DELAY_MS from now (0: at the next turn), never earlier. A timer that has
 * fired lives on until it is stopped. */
struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ms, loop_function *function,
                                    void *arg);
void loop_timer_stop(struct loop_timer **timer); /* NULL inside is legal; also after it has fired */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };
/* EVENTS: what the descriptor is ready for. An error on it counts as ready for all that is watched:
 * the owner's next read, write or SO_ERROR tells; it comes again until one was asked. (libuv 1.44
 * reports POLLERR as UV_EBADF and stops the handle; that is hidden here.) */
typedef void loop_watch_function(void *arg, unsigned events);
/* The descriptor stays the caller's; close it after loop_watch_stop(). It is made non-blocking.
 * NULL when it cannot be watched: a plain file, or one that is watched already. */
struct loop_watch *loop_watch_start(struct loop *loop, int fd, unsigned events,
                                    loop_watch_function *function, void *arg);
/* EVENTS 0: nothing for now. */
void loop_watch_change(struct loop_watch *watch, unsigned events);
void loop_watch_stop(struct loop_watch **watch);

/* Runs WORK on another thread, then DONE on the loop's. */
void loop_work(struct loop *loop, loop_function *work, loop_function *done, void *arg);

/* Calls FUNCTION each time signal NUMBER arrives. */
struct loop_signal *loop_signal_start(struct loop *loop, int number, loop_function *function,
                                      void *arg);
void loop_signal_stop(struct loop_signal **signal);

#endif
