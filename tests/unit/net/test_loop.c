/* The event loop: when things are called, and that nothing is after it was stopped. */
#include "net/loop.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { NS_PER_MS = 1000000 };

struct scene {
    struct loop *loop;
    struct loop_timer *timer, *other;
    struct loop_watch *watch;
    struct loop_signal *signal;
    int pair[2];
    int calls, other_calls;
    unsigned events;
    int64_t at_ns;
    pthread_t worker;
};

static int set_up(void **state)
{
    static struct scene scene;
    scene = (struct scene) { .loop = loop_new() };
    assert_non_null(scene.loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, scene.pair), 0);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    loop_free(s->loop);
    close(s->pair[0]);
    close(s->pair[1]);
    return 0;
}

static void count_call(void *arg)
{
    struct scene *s = arg;
    s->calls++;
    s->at_ns = clock_mono_ns();
}

static void count_other(void *arg)
{
    struct scene *s = arg;
    s->other_calls++;
}

static void stop_loop(void *arg)
{
    struct scene *s = arg;
    loop_stop(s->loop);
}

static void sleep_ms(int ms)
{
    struct timespec t = { .tv_nsec = (long)ms * NS_PER_MS };
    nanosleep(&t, NULL);
}

/* ---- timers ---- */

static void timers_are_never_early(void **state)
{
    struct scene *s = *state;
    static const int delays[] = { 0, 1, 2, 5, 20 };
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        /* The loop's own idea of the time is old by now. */
        sleep_ms(7);
        int64_t start = clock_mono_ns();
        s->timer = loop_timer_start(s->loop, delays[i], count_call, s);
        loop_run(s->loop);
        assert_int_equal(s->calls, i + 1);
        assert_true(s->at_ns - start >= (int64_t)delays[i] * NS_PER_MS);
        loop_timer_stop(&s->timer);
        assert_null(s->timer);
    }
}

static void start_after_a_long_turn(void *arg)
{
    struct scene *s = arg;
    sleep_ms(30);
    s->at_ns = clock_mono_ns();
    loop_timer_stop(&s->timer);
    s->timer = loop_timer_start(s->loop, 10, stop_loop, s);
}

static void a_long_turn_does_not_make_timers_early(void **state)
{
    struct scene *s = *state;
    s->timer = loop_timer_start(s->loop, 0, start_after_a_long_turn, s);
    loop_run(s->loop);
    assert_true(clock_mono_ns() - s->at_ns >= 10 * NS_PER_MS);
}

static void stop_both(void *arg)
{
    struct scene *s = arg;
    s->calls++;
    loop_timer_stop(&s->timer);
    loop_timer_stop(&s->other);
}

static void timers_may_be_stopped_anywhere(void **state)
{
    struct scene *s = *state;
    s->timer = loop_timer_start(s->loop, 1, stop_both, s);
    s->other = loop_timer_start(s->loop, 2, count_other, s);
    loop_run(s->loop);
    assert_int_equal(s->calls, 1);
    assert_int_equal(s->other_calls, 0);
    assert_null(s->timer);
    assert_null(s->other);
    loop_timer_stop(&s->timer); /* nothing there */
    s->timer = loop_timer_start(s->loop, 0, count_other, s);
    loop_timer_stop(&s->timer);
    loop_run(s->loop);
    assert_int_equal(s->other_calls, 0);
}

static void what_is_left_is_freed_unheard(void **state)
{
    struct scene *s = *state;
    loop_timer_start(s->loop, 10000, count_call, s);
    s->timer = loop_timer_start(s->loop, 0, stop_loop, s);
    loop_run(s->loop); /* that one has fired and is not stopped */
    assert_int_equal(s->calls, 0);
    loop_free(NULL);
}

/* ---- descriptors ---- */

static void note_events(void *arg, unsigned events)
{
    struct scene *s = arg;
    s->calls++;
    s->events = events;
    loop_watch_stop(&s->watch);
}

static void readiness_is_told(void **state)
{
    struct scene *s = *state;
    s->watch = loop_watch_start(s->loop, s->pair[0], LOOP_READ | LOOP_WRITE, note_events, s);
    loop_run(s->loop);
    assert_int_equal(s->events, LOOP_WRITE);
    assert_null(s->watch);
    /* The same descriptor again, at once. */
    s->watch = loop_watch_start(s->loop, s->pair[0], LOOP_READ, note_events, s);
    assert_int_equal(write(s->pair[1], "x", 1), 1);
    loop_run(s->loop);
    assert_int_equal(s->events, LOOP_READ);
    assert_int_equal(s->calls, 2);
}

static void the_end_of_a_stream_is_readable(void **state)
{
    struct scene *s = *state;
    s->watch = loop_watch_start(s->loop, s->pair[0], LOOP_READ, note_events, s);
    shutdown(s->pair[1], SHUT_RDWR);
    loop_run(s->loop);
    assert_int_equal(s->events, LOOP_READ);
}

static void change_watch(void *arg)
{
    struct scene *s = arg;
    loop_watch_change(s->watch, LOOP_WRITE);
}

static void watches_can_pause_and_change(void **state)
{
    struct scene *s = *state;
    assert_int_equal(write(s->pair[1], "x", 1), 1);
    s->watch = loop_watch_start(s->loop, s->pair[0], LOOP_READ, note_events, s);
    loop_watch_change(s->watch, 0);
    loop_run(s->loop); /* nothing to wait for */
    assert_int_equal(s->calls, 0);
    s->timer = loop_timer_start(s->loop, 1, change_watch, s);
    loop_run(s->loop);
    assert_int_equal(s->events, LOOP_WRITE);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    struct scene *s = *state;
    FILE *file = tmpfile();
    assert_null(loop_watch_start(s->loop, fileno(file), LOOP_READ, note_events, s));
    fclose(file);
    s->watch = loop_watch_start(s->loop, s->pair[0], LOOP_READ, note_events, s);
    assert_null(loop_watch_start(s->loop, s->pair[0], LOOP_READ, note_events, s));
    loop_watch_stop(&s->watch);
    loop_watch_stop(&s->watch);
}

/* A connected datagram socket whose peer's port is closed: sending makes it an error. */
static int refused_socket(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int closed = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(closed, (struct sockaddr *)&address, size), 0);
    getsockname(closed, (struct sockaddr *)&address, &size);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
    close(closed);
    return fd;
}

struct failing {
    struct scene *scene;
    int fd;
};

static void read_error(void *arg, unsigned events)
{
    struct failing *failing = arg;
    struct scene *s = failing->scene;
    char c;
    assert_int_equal(events, LOOP_READ);
    assert_int_equal(recv(failing->fd, &c, 1, 0), -1);
    assert_int_equal(errno, ECONNREFUSED);
    if (++s->calls == 3)
        loop_watch_stop(&s->watch);
    else
        assert_int_equal(send(failing->fd, "x", 1, 0), 1);
}

static void errors_count_as_readiness_again_and_again(void **state)
{
    struct scene *s = *state;
    struct failing failing = { .scene = s, .fd = refused_socket() };
    s->watch = loop_watch_start(s->loop, failing.fd, LOOP_READ, read_error, &failing);
    assert_int_equal(send(failing.fd, "x", 1, 0), 1);
    loop_run(s->loop);
    assert_int_equal(s->calls, 3);
    close(failing.fd);
}

/* ---- work ---- */

static void work(void *arg)
{
    struct scene *s = arg;
    sleep_ms(10);
    s->worker = pthread_self();
}

static void work_runs_elsewhere_and_is_done_here(void **state)
{
    struct scene *s = *state;
    loop_work(s->loop, work, count_call, s);
    loop_run(s->loop);
    assert_int_equal(s->calls, 1);
    assert_false(pthread_equal(s->worker, pthread_self()));
}

static void work_left_is_waited_for_but_not_told(void **state)
{
    struct scene *s = *state;
    struct loop *loop = loop_new();
    s->worker = pthread_self();
    loop_work(loop, work, count_call, s);
    loop_free(loop);
    assert_int_equal(s->calls, 0);
    assert_false(pthread_equal(s->worker, pthread_self()));
}

/* ---- signals ---- */

static void raise_signal(void *arg)
{
    (void)arg;
    raise(SIGUSR1);
}

static void signal_stops(void *arg)
{
    struct scene *s = arg;
    s->calls++;
    loop_signal_stop(&s->signal);
    loop_timer_stop(&s->other);
}

static void signals_are_told_and_not_waited_for(void **state)
{
    struct scene *s = *state;
    s->signal = loop_signal_start(s->loop, SIGUSR1, signal_stops, s);
    loop_run(s->loop); /* returns at once */
    assert_int_equal(s->calls, 0);
    s->timer = loop_timer_start(s->loop, 1, raise_signal, s);
    s->other = loop_timer_start(s->loop, 5000, count_other, s);
    loop_run(s->loop);
    assert_int_equal(s->calls, 1);
    assert_int_equal(s->other_calls, 0);
    assert_null(s->signal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_are_never_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_turn_does_not_make_timers_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(timers_may_be_stopped_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_left_is_freed_unheard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readiness_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_of_a_stream_is_readable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(watches_can_pause_and_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_watched_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_count_as_readiness_again_and_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(work_runs_elsewhere_and_is_done_here, set_up, tear_down),
        cmocka_unit_test_setup_teardown(work_left_is_waited_for_but_not_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signals_are_told_and_not_waited_for, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
