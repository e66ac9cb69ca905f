/* Sockets and name resolution over IPv6. Exit status 77 tells Meson that this machine has none. */
#include "net/evidence.h"

#include "base/clock.h"
#include "fake_dns.h"
#include "net/resolver.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SKIPPED = 77 };

/* A listener on a free port of ::1; -1 when there is no such address. */
static int listen_here(struct net_address *ret_address)
{
    net_address_parse(ret_address, "::1", 0);
    struct sockaddr *address = (struct sockaddr *)&ret_address->storage;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd >= 0 && bind(fd, address, ret_address->size) == 0 && listen(fd, 1) == 0 &&
        getsockname(fd, address, &ret_address->size) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Connects; 0 refused, 1 connected. */
static int connect_there(const struct net_address *address, struct net_facts *ret_facts)
{
    struct failure failure;
    struct net_icmp icmp;
    int fd = evidence_connect(address, NULL, &failure);
    assert_true(fd >= 0);
    struct pollfd entry = { .fd = fd, .events = POLLOUT };
    assert_int_equal(poll(&entry, 1, 5000), 1);
    bool connected = evidence_connected(fd, &failure, &icmp);
    assert_int_equal(failure.kind, connected ? FAILURE_NONE : FAILURE_CONNECTION_REFUSED);
    assert_false(icmp.seen);
    evidence_facts(fd, ret_facts);
    close(fd);
    return connected;
}

static void connections_are_made_and_refused(void **state)
{
    (void)state;
    struct net_address address;
    struct net_facts facts;
    int listener = listen_here(&address);
    assert_int_equal(connect_there(&address, &facts), 1);
    assert_memory_equal(facts.local, "[::1]:", 6);
    close(listener);
    assert_int_equal(connect_there(&address, &facts), 0);
}

struct question {
    struct loop *loop;
    struct resolution got;
};

static void take(void *arg, const struct resolution *resolution)
{
    struct question *question = arg;
    question->got = *resolution;
    loop_stop(question->loop);
}

static void name_servers_are_asked_over_both_transports(void **state)
{
    (void)state;
    char *error;
    struct question question = { .loop = loop_new() };
    struct trace *trace = trace_new();
    struct fake_dns *server = fake_dns_new(question.loop, "::1");
    struct resolver_options options = { .server = fake_dns_text(server), .hosts = "/nonexistent" };
    struct resolver *resolver =
        resolver_new(question.loop, &options, trace, clock_mono_ns(), &error);
    assert_non_null(resolver);
    resolver_ask(resolver, "big.example", DNS_AAAA, take, &question);
    loop_run(question.loop);
    assert_int_equal(question.got.answer.count, 60);
    assert_true(question.got.lookup->truncated);
    assert_memory_equal(question.got.lookup->server, "[::1]:", 6);
    resolver_free(resolver);
    fake_dns_free(server);
    loop_free(question.loop);
    trace_free(trace);
}

int main(void)
{
    struct net_address address;
    int listener = listen_here(&address);
    if (listener < 0) {
        puts("skipped: this machine has no IPv6 loopback");
        return SKIPPED;
    }
    close(listener);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_made_and_refused),
        cmocka_unit_test(name_servers_are_asked_over_both_transports),
    };
    return cmocka_run_group_tests_name("ipv6", tests, NULL, NULL);
}
