#include "net/loop.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <uv.h>

struct loop {
    uv_loop_t uv;
    bool closing; /* work that ends now is not reported any more */
};

/* The libuv handle comes first in each, so that it can be freed by the handle's own address. */
struct loop_timer {
    uv_timer_t handle;
    loop_function *function;
    void *arg;
};

struct loop_watch {
    uv_poll_t handle;
    unsigned events; /* what the owner waits for; libuv forgets it when it stops a handle */
    loop_watch_function *function;
    void *arg;
};

struct loop_signal {
    uv_signal_t handle;
    loop_function *function;
    void *arg;
};

struct loop_job {
    uv_work_t request;
    struct loop *loop;
    loop_function *work, *done;
    void *arg;
};

_Static_assert((int)LOOP_READ == (int)UV_READABLE && (int)LOOP_WRITE == (int)UV_WRITABLE,
               "events pass through");

/* ---- the loop ---- */

struct loop *loop_new(void)
{
    struct loop *loop = memory_new(sizeof *loop);
    if (uv_loop_init(&loop->uv) == 0)
        return loop;
    free(loop); /* no descriptor left for epoll */
    return NULL;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, free_handle);
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    loop->closing = true;
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int status = uv_loop_close(&loop->uv);
    assert(status == 0);
    (void)status;
    free(loop);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

/* ---- timers ---- */

static void timer_fired(uv_timer_t *handle)
{
    struct loop_timer *timer = (struct loop_timer *)handle;
    timer->function(timer->arg);
}

struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ms, loop_function *function,
                                    void *arg)
{
    struct loop_timer *timer = memory_new(sizeof *timer);
    timer->function = function;
    timer->arg = arg;
    /* libuv counts from the time it read when this turn began, in whole milliseconds cut off: a
     * turn that took long, and the cut, would make the timer early. */
    uv_update_time(&loop->uv);
    uint64_t delay = delay_ms > 0 ? (uint64_t)delay_ms + 1 : 0;
    uv_timer_init(&loop->uv, &timer->handle);
    uv_timer_start(&timer->handle, timer_fired, delay, 0);
    return timer;
}

void loop_timer_stop(struct loop_timer **timer)
{
    if (!*timer)
        return;
    uv_close((uv_handle_t *)&(*timer)->handle, free_handle);
    *timer = NULL;
}

/* ---- descriptors ---- */

static void watch_ready(uv_poll_t *handle, int status, int events)
{
    struct loop_watch *watch = (struct loop_watch *)handle;
    if (status == 0) {
        watch->function(watch->arg, (unsigned)events);
        return;
    }
    watch->function(watch->arg, watch->events);
    /* libuv stopped the handle before it told of the error. Closing takes until the end of the
     * turn, so the handle may still be looked at here. */
    if (!uv_is_closing((uv_handle_t *)handle))
        loop_watch_change(watch, watch->events);
}

struct loop_watch *loop_watch_start(struct loop *loop, int fd, unsigned events,
                                    loop_watch_function *function, void *arg)
{
    struct loop_watch *watch = memory_new(sizeof *watch);
    watch->function = function;
    watch->arg = arg;
    if (uv_poll_init(&loop->uv, &watch->handle, fd) != 0) {
        free(watch);
        return NULL;
    }
    loop_watch_change(watch, events);
    return watch;
}

void loop_watch_change(struct loop_watch *watch, unsigned events)
{
    watch->events = events;
    if (events)
        uv_poll_start(&watch->handle, (int)events, watch_ready);
    else
        uv_poll_stop(&watch->handle);
}

void loop_watch_stop(struct loop_watch **watch)
{
    if (!*watch)
        return;
    uv_close((uv_handle_t *)&(*watch)->handle, free_handle);
    *watch = NULL;
}

/* ---- work ---- */

static void job_work(uv_work_t *request)
{
    struct loop_job *job = request->data;
    job->work(job->arg);
}

static void job_done(uv_work_t *request, int status)
{
    struct loop_job *job = request->data;
    (void)status; /* nothing cancels a job */
    loop_function *done = job->loop->closing ? NULL : job->done;
    void *arg = job->arg;
    free(job);
    if (done)
        done(arg);
}

void loop_work(struct loop *loop, loop_function *work, loop_function *done, void *arg)
{
    struct loop_job *job = memory_new(sizeof *job);
    job->request.data = job;
    job->loop = loop;
    job->work = work;
    job->done = done;
    job->arg = arg;
    int status = uv_queue_work(&loop->uv, &job->request, job_work, job_done);
    assert(status == 0); /* fails only without a function */
    (void)status;
}

/* ---- signals ---- */

static void signal_came(uv_signal_t *handle, int number)
{
    struct loop_signal *signal = (struct loop_signal *)handle;
    (void)number;
    signal->function(signal->arg);
}

struct loop_signal *loop_signal_start(struct loop *loop, int number, loop_function *function,
                                      void *arg)
{
    struct loop_signal *signal = memory_new(sizeof *signal);
    signal->function = function;
    signal->arg = arg;
    uv_signal_init(&loop->uv, &signal->handle);
    uv_signal_start(&signal->handle, signal_came, number);
    uv_unref((uv_handle_t *)&signal->handle);
    return signal;
}

void loop_signal_stop(struct loop_signal **signal)
{
    if (!*signal)
        return;
    uv_close((uv_handle_t *)&(*signal)->handle, free_handle);
    *signal = NULL;
}
