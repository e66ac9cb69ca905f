/* Sockets and what the kernel tells of them, on loopback. Built twice: for this system, and with
 * the portable fallback (EVIDENCE_PORTABLE), which knows less. Who refused: test_refusals.c. */
#include "net/evidence.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { NS_PER_MS = 1000000 };

#if defined(__linux__) && !defined(EVIDENCE_PORTABLE)
static const bool kernel_tells = true;
#else
static const bool kernel_tells = false;
#endif

/* ---- addresses ---- */

static void addresses_there_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *with_port;
        int family;
    } good[] = {
        { "192.0.2.1", "192.0.2.1:587", 4 },
        { "::1", "[::1]:587", 6 },
        { "2001:db8::1", "[2001:db8::1]:587", 6 },
        { "fe80::1%lo", "[fe80::1%lo]:587", 6 },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct net_address address;
        char text[EVIDENCE_ADDRESS_SIZE];
        assert_true(net_address_parse(&address, good[i].text, 587));
        assert_string_equal(net_address_text(&address, text), good[i].text);
        assert_string_equal(net_address_text_port(&address, text), good[i].with_port);
        assert_int_equal(net_address_family(&address), good[i].family);
        assert_int_equal(net_address_port(&address), 587);
    }
    struct net_address address;
    char text[EVIDENCE_ADDRESS_SIZE];
    assert_true(net_address_parse(&address, "2001:0DB8:0:0::1", 1));
    assert_string_equal(net_address_text(&address, text), "2001:db8::1");
    assert_true(net_address_parse(&address, "fe80::1%1", 1));
}

static void names_and_nonsense_are_no_address(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "localhost",
        "1",
        "127.1",
        "1.2.3.4.5",
        "1.2.3.4 ",
        "[::1]",
        "::1%",
        "::1%no-if",
        "fe80::1%0",
        "fe80::1%1x",
        "2001:db8::g",
        "::%",
        "%lo",
        "192.0.2",
        "0x7f.0.0.1",
        "192.0.2.1%lo",
        "::1:587:::",
        "0000000000000000000000000000000000000000000000000000000000000000000000000::1",
    };
    struct net_address address;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(net_address_parse(&address, bad[i], 25));
    assert_false(net_address_parse(&address, "192.0.2.1", -1));
    assert_false(net_address_parse(&address, "192.0.2.1", 65536));
}

/* ---- a server on loopback ---- */

struct server {
    int listener;
    struct net_address address;
};

static bool server_open(struct server *server, const char *text)
{
    assert_true(net_address_parse(&server->address, text, 0));
    server->listener = socket(server->address.storage.ss_family, SOCK_STREAM, 0);
    struct sockaddr *address = (struct sockaddr *)&server->address.storage;
    if (server->listener < 0 || bind(server->listener, address, server->address.size) < 0)
        return false;
    assert_int_equal(listen(server->listener, 4), 0);
    getsockname(server->listener, address, &server->address.size);
    return true;
}

static void sleep_ms(int ms)
{
    struct timespec t = { .tv_nsec = (long)ms * NS_PER_MS };
    nanosleep(&t, NULL);
}

static void wait_for(int fd, short events)
{
    struct pollfd entry = { .fd = fd, .events = events };
    assert_int_equal(poll(&entry, 1, 5000), 1);
}

static int connect_to(const struct server *server, const struct net_address *source)
{
    struct failure failure;
    struct net_icmp icmp;
    int fd = evidence_connect(&server->address, source, &failure);
    assert_true(fd >= 0);
    wait_for(fd, POLLOUT);
    assert_true(evidence_connected(fd, &failure, &icmp));
    assert_int_equal(failure.kind, FAILURE_NONE);
    assert_false(icmp.seen);
    return fd;
}

static void a_connection_and_its_facts(void **state)
{
    (void)state;
    struct server server;
    assert_true(server_open(&server, "127.0.0.1"));
    int fd = connect_to(&server, NULL);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    int on = 0;
    socklen_t size = sizeof on;
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size);
    assert_true(on);
    struct net_facts facts;
    evidence_facts(fd, &facts);
    assert_memory_equal(facts.local, "127.0.0.1:", 10);
    if (kernel_tells)
        assert_true(facts.rtt_ns > 0 && facts.rtt_ns < 1000 * (int64_t)NS_PER_MS);
    else
        assert_int_equal(facts.rtt_ns, -1);
    struct tcp_facts tcp;
    assert_int_equal(evidence_tcp(fd, &tcp), kernel_tells);
    if (kernel_tells) {
        assert_string_equal(tcp.state, "established");
        assert_true(tcp_is_lossless(&tcp));
    }
    assert_false(evidence_tcp(-1, &tcp));
    assert_false(evidence_has_holes(fd));
    close(fd);
    close(server.listener);
    evidence_facts(-1, &facts);
    assert_int_equal(facts.rtt_ns, -1);
    assert_string_equal(facts.local, "");
}

static void the_source_address_is_used(void **state)
{
    (void)state;
    struct server server;
    struct net_address source;
    assert_true(server_open(&server, "127.0.0.1"));
    assert_true(net_address_parse(&source, "127.0.0.2", 0));
    int fd = connect_to(&server, &source);
    struct net_facts facts;
    evidence_facts(fd, &facts);
    assert_memory_equal(facts.local, "127.0.0.2:", 10);
    close(fd);

    struct failure failure;
    assert_true(net_address_parse(&source, "192.0.2.1", 0));
    assert_int_equal(evidence_connect(&server.address, &source, &failure), -1);
    assert_int_equal(failure.kind, FAILURE_ADDRESS_NOT_AVAILABLE);
    assert_int_equal(failure.system, EADDRNOTAVAIL);
    assert_true(net_address_parse(&source, "::1", 0));
    assert_int_equal(evidence_connect(&server.address, &source, &failure), -1);
    assert_int_equal(failure.kind, FAILURE_ADDRESS_NOT_AVAILABLE);
    close(server.listener);
}

static void a_closed_port_refuses(void **state)
{
    (void)state;
    struct server server;
    assert_true(server_open(&server, "127.0.0.1"));
    close(server.listener);
    struct failure failure;
    struct net_icmp icmp;
    int fd = evidence_connect(&server.address, NULL, &failure);
    assert_true(fd >= 0);
    wait_for(fd, POLLOUT);
    assert_false(evidence_connected(fd, &failure, &icmp));
    assert_int_equal(failure.kind, FAILURE_CONNECTION_REFUSED);
    assert_int_equal(failure.system, ECONNREFUSED);
    assert_false(icmp.seen); /* a reset, not ICMP */
    close(fd);
}

/* ---- reading and writing ---- */

struct talk {
    struct server server;
    int client, peer;
};

static int talk_set_up(void **state)
{
    static struct talk talk;
    assert_true(server_open(&talk.server, "127.0.0.1"));
    talk.client = connect_to(&talk.server, NULL);
    talk.peer = accept(talk.server.listener, NULL, NULL);
    assert_true(talk.peer >= 0);
    *state = &talk;
    return 0;
}

static int talk_tear_down(void **state)
{
    struct talk *talk = *state;
    close(talk->client);
    if (talk->peer >= 0)
        close(talk->peer);
    close(talk->server.listener);
    return 0;
}

static void bytes_bear_their_time_of_arrival(void **state)
{
    struct talk *talk = *state;
    char data[16];
    int64_t arrived;
    struct failure failure;
    assert_int_equal(evidence_read(talk->client, data, sizeof data, &arrived, &failure), -1);
    /* The kernel begins to stamp a moment after the first socket asked for it. */
    sleep_ms(20);
    int64_t before = clock_mono_ns();
    assert_int_equal(write(talk->peer, "220 hello\r\n", 11), 11);
    int64_t after = clock_mono_ns();
    sleep_ms(60); /* a loop that is busy elsewhere */
    assert_int_equal(evidence_read(talk->client, data, sizeof data, &arrived, &failure), 11);
    assert_memory_equal(data, "220 hello\r\n", 11);
    assert_true(arrived <= clock_mono_ns());
    if (kernel_tells) {
        assert_true(arrived >= before - 5 * NS_PER_MS);
        assert_true(arrived <= after + 30 * NS_PER_MS);
    }
}

static void reads_are_bounded_and_the_end_is_told(void **state)
{
    struct talk *talk = *state;
    char data[4];
    int64_t arrived = 0;
    struct failure failure;
    assert_int_equal(write(talk->peer, "abcdef", 6), 6);
    close(talk->peer);
    talk->peer = -1;
    wait_for(talk->client, POLLIN);
    assert_int_equal(evidence_read(talk->client, data, sizeof data, &arrived, &failure), 4);
    assert_int_equal(evidence_read(talk->client, data, sizeof data, &arrived, &failure), 2);
    assert_int_equal(evidence_read(talk->client, data, sizeof data, &arrived, &failure), 0);
    assert_true(arrived > 0);
}

static void a_reset_is_told_and_kills_nobody(void **state)
{
    struct talk *talk = *state;
    char data[4];
    int64_t arrived;
    struct failure failure;
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(talk->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(talk->peer);
    talk->peer = -1;
    wait_for(talk->client, POLLIN);
    assert_int_equal(evidence_read(talk->client, data, sizeof data, &arrived, &failure), -2);
    assert_int_equal(failure.kind, FAILURE_CONNECTION_RESET);
    assert_int_equal(failure.system, ECONNRESET);
    assert_int_equal(evidence_write(talk->client, "x", 1, &failure), -2); /* EPIPE, no signal */
    assert_int_equal(failure.kind, FAILURE_CONNECTION_RESET);
}

static void a_full_peer_says_not_now(void **state)
{
    struct talk *talk = *state;
    static const char data[65536];
    struct failure failure;
    ssize_t sent;
    size_t all = 0;
    while ((sent = evidence_write(talk->client, data, sizeof data, &failure)) > 0)
        all += (size_t)sent;
    assert_int_equal(sent, -1);
    assert_true(all > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_there_and_back),
        cmocka_unit_test(names_and_nonsense_are_no_address),
        cmocka_unit_test(a_connection_and_its_facts),
        cmocka_unit_test(the_source_address_is_used),
        cmocka_unit_test(a_closed_port_refuses),
        cmocka_unit_test_setup_teardown(bytes_bear_their_time_of_arrival, talk_set_up,
                                        talk_tear_down),
        cmocka_unit_test_setup_teardown(reads_are_bounded_and_the_end_is_told, talk_set_up,
                                        talk_tear_down),
        cmocka_unit_test_setup_teardown(a_reset_is_told_and_kills_nobody, talk_set_up,
                                        talk_tear_down),
        cmocka_unit_test_setup_teardown(a_full_peer_says_not_now, talk_set_up, talk_tear_down),
    };
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
