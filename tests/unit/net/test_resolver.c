/* Name resolution against name servers of our own: what each kind of answer, silence and refusal
 * becomes, in the answer given and in the rows of the trace. */
#include "net/resolver.h"

#include "base/clock.h"
#include "fake_dns.h"
#include "net/evidence.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { NS_PER_MS = 1000000, SHORT_MS = 280 };

struct scene {
    struct loop *loop;
    struct trace *trace;
    struct fake_dns *server, *second;
    struct resolver *resolver;
    char hosts[64], resolv_conf[64];
    struct resolution got;
    int calls;
    int64_t asked_ns, told_ns;
    int waiting; /* calls to come before the loop stops */
};

static void write_file(char path[static 64], const char *text)
{
    strcpy(path, "/tmp/maildoctor-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int set_up(void **state)
{
    static struct scene scene;
    scene = (struct scene) { .loop = loop_new(), .trace = trace_new() };
    scene.server = fake_dns_new(scene.loop, "127.0.0.1");
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    resolver_free(s->resolver);
    fake_dns_free(s->server);
    if (s->second)
        fake_dns_free(s->second);
    loop_free(s->loop);
    trace_free(s->trace);
    if (*s->hosts)
        unlink(s->hosts);
    if (*s->resolv_conf)
        unlink(s->resolv_conf);
    return 0;
}

static void start(struct scene *s, struct resolver_options options)
{
    char *error;
    if (!options.hosts)
        options.hosts = "/nonexistent";
    s->resolver = resolver_new(s->loop, &options, s->trace, clock_mono_ns(), &error);
    assert_null(error);
    assert_non_null(s->resolver);
}

/* As with --resolver. */
static void start_chosen(struct scene *s)
{
    start(s,
          (struct resolver_options) { .server = fake_dns_text(s->server), .budget_ms = SHORT_MS });
}

/* As with a resolv.conf of one or two servers. */
static void start_system(struct scene *s, const char *hosts)
{
    char text[256];
    snprintf(text, sizeof text, "# ours\nsearch example\nnameserver %s\nnameserver %s\n",
             fake_dns_text(s->server), s->second ? fake_dns_text(s->second) : "none");
    write_file(s->resolv_conf, text);
    if (hosts)
        write_file(s->hosts, hosts);
    start(s, (struct resolver_options) { .resolv_conf = s->resolv_conf,
                                         .hosts = hosts ? s->hosts : NULL,
                                         .budget_ms = SHORT_MS });
}

static void take(void *arg, const struct resolution *resolution)
{
    struct scene *s = arg;
    s->got = *resolution;
    s->calls++;
    s->told_ns = clock_mono_ns();
    if (--s->waiting == 0)
        loop_stop(s->loop);
}

static void begin(struct scene *s, const char *name, enum dns_type type)
{
    char copy[512];
    snprintf(copy, sizeof copy, "%s", name);
    int before = s->calls;
    s->waiting++;
    s->asked_ns = clock_mono_ns();
    resolver_ask(s->resolver, copy, type, take, s);
    memset(copy, 'x', sizeof copy); /* the name was copied */
    assert_int_equal(s->calls, before);
}

static const struct lookup *ask(struct scene *s, const char *name, enum dns_type type)
{
    int before = s->calls;
    begin(s, name, type);
    loop_run(s->loop);
    assert_int_equal(s->calls, before + 1);
    return s->got.lookup;
}

static int row_count(const struct scene *s)
{
    int count = 0;
    for (const struct lookup *row = s->trace->lookups; row; row = row->next)
        count++;
    return count;
}

static int64_t took_ms(const struct scene *s)
{
    return (s->told_ns - s->asked_ns) / NS_PER_MS;
}

/* ---- one server ---- */

static void addresses_come_with_their_row(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    const struct lookup *row = ask(s, "Smtp.example.", DNS_A);
    assert_int_equal(s->got.answer.count, 2);
    assert_string_equal(s->got.answer.records[1].text, "192.0.2.2");
    assert_ptr_equal(row, s->trace->lookups);
    assert_string_equal(row->name, "Smtp.example");
    assert_string_equal(row->type, "A");
    assert_string_equal(row->server, fake_dns_text(s->server));
    assert_string_equal(row->transport, "udp");
    assert_int_equal(row->source, LOOKUP_DNS);
    assert_string_equal(row->rcode, "NOERROR");
    assert_int_equal(row->error.kind, FAILURE_NONE);
    assert_int_equal(row->answers.count, 2);
    assert_string_equal(row->answers.items[0], "192.0.2.1");
    assert_int_equal(row->cname.count, 0);
    assert_int_equal(row->ede, -1);
    assert_false(row->truncated || row->ad);
    assert_true(row->start_ns >= 0 && row->duration_ns > 0);
    assert_int_equal(s->trace->from.resolvers.count, 1);
    assert_string_equal(s->trace->from.resolvers.items[0], fake_dns_text(s->server));

    ask(s, "smtp.example", DNS_AAAA);
    assert_string_equal(s->got.answer.records[0].text, "2001:db8::1");
    ask(s, "mx.example", DNS_MX);
    assert_string_equal(s->got.answer.records[0].host, "mx.example");
    assert_int_equal(row_count(s), 3);
}

static void each_outcome_has_its_name(void **state)
{
    struct scene *s = *state;
    static const struct {
        const char *name;
        enum failure_kind kind;
        const char *rcode;
        int queries;
    } cases[] = {
        { "nx.example", FAILURE_HOST_NOT_FOUND, "NXDOMAIN", 1 },
        { "nodata.example", FAILURE_NO_ADDRESS, "NOERROR", 1 },
        { "servfail.example", FAILURE_SERVER_FAILURE, "SERVFAIL", 1 },
        { "refused.example", FAILURE_QUERY_REFUSED, "REFUSED", 1 },
        { "odd.example", FAILURE_BAD_ANSWER, "RCODE11", 1 },
        { "never.example", FAILURE_BAD_ANSWER, "FORMERR", 2 },
        { "garbage.example", FAILURE_BAD_ANSWER, NULL, 1 },
        { "loop.example", FAILURE_BAD_ANSWER, "NOERROR", 1 },
        { "noedns.example", FAILURE_NONE, "NOERROR", 2 },
        { "twice.example", FAILURE_NONE, "NOERROR", 1 },
    };
    start_chosen(s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int before = fake_dns_udp_count(s->server);
        const struct lookup *row = ask(s, cases[i].name, DNS_A);
        assert_int_equal(row->error.kind, cases[i].kind);
        assert_true((row->error.text[0] != '\0') == (cases[i].kind != FAILURE_NONE));
        if (cases[i].rcode)
            assert_string_equal(row->rcode, cases[i].rcode);
        else
            assert_null(row->rcode);
        assert_true((s->got.answer.count > 0) == (cases[i].kind == FAILURE_NONE));
        assert_int_equal(fake_dns_udp_count(s->server) - before, cases[i].queries);
        assert_true(took_ms(s) < SHORT_MS);
        assert_int_equal(row_count(s), i + 1);
    }
}

static void what_else_an_answer_says(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    const struct lookup *row = ask(s, "bogus.example", DNS_A);
    assert_int_equal(row->ede, 7);
    assert_int_equal(row->error.kind, FAILURE_SERVER_FAILURE);
    row = ask(s, "ad.example", DNS_A);
    assert_true(row->ad);
    row = ask(s, "alias.example", DNS_A);
    assert_int_equal(row->cname.count, 2);
    assert_string_equal(row->cname.items[0], "b.example");
    assert_string_equal(row->cname.items[1], "c.example");
    assert_string_equal(s->got.answer.records[0].text, "192.0.2.1");
}

static void forged_answers_are_left_out(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    ask(s, "wrongid.example", DNS_A);
    assert_int_equal(s->got.answer.count, 1);
    assert_string_equal(s->got.answer.records[0].text, "192.0.2.1");
}

static void silence_ends_with_the_budget(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    const struct lookup *row = ask(s, "silent.example", DNS_A);
    assert_int_equal(row->error.kind, FAILURE_TIMED_OUT);
    assert_null(row->rcode);
    assert_string_equal(row->transport, "");
    assert_true(took_ms(s) >= SHORT_MS && took_ms(s) < SHORT_MS + 200);
    assert_true(row->duration_ns / NS_PER_MS >= SHORT_MS - 1);
    assert_true(fake_dns_udp_count(s->server) >= 3); /* sent again meanwhile */
    assert_int_equal(row_count(s), 1);
}

static void a_closed_port_is_told_at_once(void **state)
{
    struct scene *s = *state;
    char closed[64];
    struct fake_dns *gone = fake_dns_new(s->loop, "127.0.0.1");
    snprintf(closed, sizeof closed, "%s", fake_dns_text(gone));
    fake_dns_free(gone);
    start(s, (struct resolver_options) { .server = closed, .budget_ms = 5000 });
    const struct lookup *row = ask(s, "a.example", DNS_A);
    assert_int_equal(row->error.kind, FAILURE_CONNECTION_REFUSED);
    assert_string_equal(row->transport, "");
    assert_true(took_ms(s) < 1000);
}

static void truncation_is_noticed_and_tcp_has_it_all(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    const struct lookup *row = ask(s, "big.example", DNS_A);
    assert_true(row->truncated);
    assert_string_equal(row->transport, "tcp");
    assert_int_equal(row->error.kind, FAILURE_NONE);
    assert_int_equal(row->answers.count, 60);
    assert_int_equal(s->got.answer.count, 60);
    assert_int_equal(fake_dns_udp_count(s->server), 1);
    assert_int_equal(fake_dns_tcp_count(s->server), 1);
    assert_int_equal(row_count(s), 1);
}

static void truncation_without_tcp_is_told(void **state)
{
    struct scene *s = *state;
    fake_dns_no_tcp(s->server);
    start_chosen(s);
    const struct lookup *row = ask(s, "big.example", DNS_A);
    assert_true(row->truncated);
    assert_string_equal(row->transport, "tcp");
    assert_int_equal(row->error.kind, FAILURE_CONNECTION_REFUSED);
    assert_non_null(strstr(row->error.text, "cut off over UDP"));
    assert_int_equal(s->got.answer.count, 0);
}

static void large_datagrams_come_whole(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    const struct lookup *row = ask(s, "large.example", DNS_A);
    assert_false(row->truncated);
    assert_string_equal(row->transport, "udp");
    assert_int_equal(row->answers.count, 60);
}

/* ---- questions ---- */

static void a_question_is_sent_once(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    fake_dns_delay(s->server, 10);
    begin(s, "a.example", DNS_A);
    begin(s, "A.Example.", DNS_A);
    begin(s, "a.example", DNS_AAAA);
    loop_run(s->loop);
    assert_int_equal(s->calls, 3);
    assert_int_equal(fake_dns_udp_count(s->server), 2);
    ask(s, "a.EXAMPLE", DNS_A);
    assert_int_equal(s->got.answer.count, 2);
    assert_int_equal(fake_dns_udp_count(s->server), 2);
    assert_int_equal(row_count(s), 2);
}

static void numeric_names_answer_themselves(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    assert_null(ask(s, "192.0.2.9", DNS_A));
    assert_int_equal(s->got.answer.count, 1);
    assert_string_equal(s->got.answer.records[0].text, "192.0.2.9");
    assert_null(ask(s, "192.0.2.9", DNS_AAAA));
    assert_int_equal(s->got.answer.count, 0);
    assert_null(ask(s, "2001:DB8::9", DNS_AAAA));
    assert_string_equal(s->got.answer.records[0].text, "2001:db8::9");
    assert_null(ask(s, "localhost", DNS_A));
    assert_string_equal(s->got.answer.records[0].text, "127.0.0.1");
    assert_null(ask(s, "a.localhost.", DNS_AAAA));
    assert_string_equal(s->got.answer.records[0].text, "::1");
    assert_int_equal(row_count(s), 0);
    assert_int_equal(fake_dns_udp_count(s->server), 0);
}

static void names_that_are_none_are_not_sent(void **state)
{
    struct scene *s = *state;
    char name[300];
    start_chosen(s);
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(ask(s, name, DNS_A)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(ask(s, "a..b", DNS_MX)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(ask(s, "", DNS_A)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(ask(s, ".", DNS_A)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(fake_dns_udp_count(s->server), 0);
}

static void nothing_is_added_to_a_name(void **state)
{
    struct scene *s = *state;
    char aliases[64];
    write_file(aliases, "plain other.example\n");
    setenv("HOSTALIASES", aliases, 1);
    setenv("LOCALDOMAIN", "example", 1);
    start_system(s, NULL); /* with "search example" */
    fake_dns_always(s->server, "nx");
    assert_string_equal(ask(s, "plain", DNS_A)->name, "plain");
    assert_int_equal(fake_dns_udp_count(s->server), 1);
    unsetenv("HOSTALIASES");
    unsetenv("LOCALDOMAIN");
    unlink(aliases);
}

/* ---- the hosts file ---- */

static const char hosts_text[] = "127.0.0.1 localhost # us\n"
                                 "203.0.113.5\tmail.example alias.local\n"
                                 "203.0.113.6 MAIL.example\n"
                                 "not-an-address mail.example\n"
                                 "2001:db8:0::5 v6.example\n"
                                 "#203.0.113.7 mail.example";

static void the_hosts_file_wins_as_for_every_client(void **state)
{
    struct scene *s = *state;
    start_system(s, hosts_text);
    fake_dns_delay(s->server, 30);
    const struct lookup *row = ask(s, "mail.example", DNS_A);
    assert_int_equal(row->source, LOOKUP_HOSTS);
    assert_string_equal(row->server, s->hosts);
    assert_int_equal(s->got.answer.count, 2);
    assert_string_equal(s->got.answer.records[0].text, "203.0.113.5");
    assert_string_equal(s->got.answer.records[1].text, "203.0.113.6");
    assert_true(took_ms(s) < 30); /* nobody waits for DNS */
    /* DNS is asked beside it; while it is open its row says so. */
    assert_int_equal(row->next->source, LOOKUP_DNS);
    assert_int_equal(row->next->duration_ns, -1);
    assert_int_equal(row->next->error.kind, FAILURE_CANCELLED);
    ask(s, "other.example", DNS_A);
    assert_int_equal(row->next->error.kind, FAILURE_NONE);
    assert_string_equal(row->next->answers.items[0], "192.0.2.1");
    ask(s, "mail.example", DNS_A);
    assert_string_equal(s->got.answer.records[0].text, "203.0.113.5");

    row = ask(s, "v6.example", DNS_A);
    assert_int_equal(row->source, LOOKUP_HOSTS);
    assert_int_equal(row->error.kind, FAILURE_NO_ADDRESS);
    assert_int_equal(s->got.answer.count, 0);
    ask(s, "v6.example", DNS_AAAA);
    assert_string_equal(s->got.answer.records[0].text, "2001:db8::5");
    row = ask(s, "localhost", DNS_A);
    assert_int_equal(row->source, LOOKUP_HOSTS);
    assert_null(row->next);
    assert_int_equal(ask(s, "mx.example", DNS_MX)->source, LOOKUP_DNS);
}

static void a_chosen_server_wins_over_the_hosts_file(void **state)
{
    struct scene *s = *state;
    write_file(s->hosts, hosts_text);
    start(s, (struct resolver_options) { .server = fake_dns_text(s->server), .hosts = s->hosts });
    const struct lookup *row = ask(s, "mail.example", DNS_A);
    assert_int_equal(row->source, LOOKUP_DNS);
    assert_string_equal(s->got.answer.records[0].text, "192.0.2.1");
    assert_int_equal(s->trace->lookups->source, LOOKUP_HOSTS);
    fake_dns_always(s->server, "nx");
    row = ask(s, "alias.local", DNS_A);
    assert_int_equal(row->source, LOOKUP_HOSTS);
    assert_string_equal(s->got.answer.records[0].text, "203.0.113.5");
    assert_int_equal(row->next->error.kind, FAILURE_HOST_NOT_FOUND);
}

/* ---- more than one server ---- */

static void add_second(struct scene *s)
{
    s->second = fake_dns_new(s->loop, "127.0.0.1");
    start_system(s, NULL);
    assert_int_equal(s->trace->from.resolvers.count, 2);
}

static void a_refusal_is_taken_to_the_next_server(void **state)
{
    struct scene *s = *state;
    static const char *const labels[] = { "refused", "servfail", "garbage", "odd" };
    add_second(s);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%zu.example", i);
        fake_dns_always(s->server, labels[i]);
        const struct lookup *row = ask(s, name, DNS_A);
        assert_string_equal(row->server, fake_dns_text(s->second));
        assert_int_equal(row->error.kind, FAILURE_NONE);
        assert_int_equal(row_count(s), 2 * (i + 1));
        assert_true(took_ms(s) < SHORT_MS / 2);
    }
    fake_dns_always(s->server, "nx"); /* that is an answer */
    assert_int_equal(ask(s, "last.example", DNS_A)->error.kind, FAILURE_HOST_NOT_FOUND);
    assert_int_equal(row_count(s), 9);
}

static void silence_is_taken_to_the_next_server(void **state)
{
    struct scene *s = *state;
    add_second(s);
    fake_dns_always(s->server, "silent");
    const struct lookup *row = ask(s, "a.example", DNS_A);
    assert_string_equal(row->server, fake_dns_text(s->second));
    assert_int_equal(s->got.answer.count, 2);
    assert_true(took_ms(s) >= SHORT_MS / 2 && took_ms(s) < SHORT_MS);
    assert_int_equal(s->trace->lookups->error.kind, FAILURE_TIMED_OUT);
    assert_true(s->trace->lookups->duration_ns / NS_PER_MS >= SHORT_MS / 2);
}

static void late_answers_are_welcome(void **state)
{
    struct scene *s = *state;
    add_second(s);
    fake_dns_delay(s->server, SHORT_MS * 3 / 4);
    fake_dns_always(s->second, "silent");
    const struct lookup *row = ask(s, "a.example", DNS_A);
    assert_string_equal(row->server, fake_dns_text(s->server));
    assert_int_equal(s->got.answer.count, 2);
    assert_true(row->duration_ns / NS_PER_MS >= SHORT_MS * 3 / 4 - 1);
    assert_int_equal(row->next->error.kind, FAILURE_CANCELLED);
    assert_true(row->next->duration_ns >= 0);
}

static void when_all_fail_the_one_that_spoke_is_told(void **state)
{
    struct scene *s = *state;
    add_second(s);
    fake_dns_always(s->server, "silent");
    fake_dns_always(s->second, "servfail");
    const struct lookup *row = ask(s, "a.example", DNS_A);
    assert_string_equal(row->server, fake_dns_text(s->second));
    assert_int_equal(row->error.kind, FAILURE_SERVER_FAILURE);
    assert_true(took_ms(s) >= SHORT_MS); /* the first was waited for */
    assert_int_equal(s->trace->lookups->error.kind, FAILURE_TIMED_OUT);
}

/* ---- ending ---- */

static void free_inside(void *arg, const struct resolution *resolution)
{
    struct scene *s = arg;
    resolver_free(s->resolver);
    s->resolver = NULL;
    s->got = *resolution;
    s->calls++;
    loop_stop(s->loop);
}

static void it_may_be_freed_in_its_own_call(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    fake_dns_delay(s->server, 5);
    resolver_ask(s->resolver, "a.example", DNS_A, free_inside, s);
    resolver_ask(s->resolver, "a.example", DNS_A, take, s);
    resolver_ask(s->resolver, "silent.example", DNS_A, take, s);
    loop_run(s->loop);
    assert_int_equal(s->calls, 1);
    assert_int_equal(s->got.answer.count, 2);
}

static void stop_at(void *arg)
{
    struct scene *s = arg;
    loop_stop(s->loop);
}

static void open_questions_end_without_a_call(void **state)
{
    struct scene *s = *state;
    start_chosen(s);
    begin(s, "silent.example", DNS_A);
    fake_dns_always(s->server, "big");
    begin(s, "big.example", DNS_A);
    loop_timer_start(s->loop, 20, stop_at, s);
    fake_dns_always(s->server, "silent");
    loop_run(s->loop);
    resolver_free(s->resolver);
    s->resolver = NULL;
    loop_timer_start(s->loop, 20, stop_at, s);
    loop_run(s->loop);
    assert_int_equal(s->calls, 0);
    for (const struct lookup *row = s->trace->lookups; row; row = row->next) {
        assert_int_equal(row->error.kind, FAILURE_CANCELLED);
        assert_true(row->duration_ns >= 15 * NS_PER_MS);
    }
}

/* ---- a loop that is late ---- */

/* Answers one query at once, with no address, from a thread: the loop is asleep. */
static void *answer_one(void *arg)
{
    int fd = *(int *)arg;
    uint8_t data[512];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&from, &size);
    if (got > 12) {
        data[2] |= 0x80;
        sendto(fd, data, (size_t)got, 0, (struct sockaddr *)&from, size);
    }
    return NULL;
}

static void oversleep(void *arg)
{
    (void)arg;
    struct timespec t = { .tv_nsec = 2L * SHORT_MS * NS_PER_MS - 1 };
    nanosleep(&t, NULL);
}

static void a_late_loop_does_not_make_a_server_silent(void **state)
{
    struct scene *s = *state;
    struct net_address address;
    char text[EVIDENCE_ADDRESS_SIZE];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    pthread_t thread;
    assert_true(net_address_parse(&address, "127.0.0.1", 0));
    assert_int_equal(bind(fd, (struct sockaddr *)&address.storage, address.size), 0);
    getsockname(fd, (struct sockaddr *)&address.storage, &address.size);
    assert_int_equal(pthread_create(&thread, NULL, answer_one, &fd), 0);
    start(s, (struct resolver_options) { .server = net_address_text_port(&address, text),
                                         .budget_ms = SHORT_MS });
    loop_timer_start(s->loop, 0, oversleep, s);
    const struct lookup *row = ask(s, "a.example", DNS_A);
    pthread_join(thread, NULL);
    close(fd);
    assert_int_equal(row->error.kind, FAILURE_NO_ADDRESS);
    assert_string_equal(row->rcode, "NOERROR");
#ifdef __linux__
    assert_true(row->duration_ns < (int64_t)SHORT_MS * NS_PER_MS); /* when it came, not when read */
#endif
}

/* ---- options ---- */

static void bad_server_texts_are_refused(void **state)
{
    struct scene *s = *state;
    static const char *const bad[] = {
        "",          "dns.example", "192.0.2.1:",     "192.0.2.1:0", "192.0.2.1:65536",
        "[::1",      "[::1]x",      "[::1]:",         "192.0.2.1:x", "192.0.2.1 ",
        "\033[31mx", "::1]:53",     "[192.0.2.1:53]", ":53",         "192.0.2.1:53:",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *error = NULL;
        assert_null(resolver_new(s->loop, &(struct resolver_options) { .server = bad[i] }, s->trace,
                                 0, &error));
        assert_non_null(error);
        assert_null(strchr(error, '\033'));
        free(error);
    }
    static const struct {
        const char *text, *shown;
    } good[] = {
        { "192.0.2.1", "192.0.2.1:53" },
        { "192.0.2.1:5353", "192.0.2.1:5353" },
        { "2001:db8::1", "[2001:db8::1]:53" },
        { "[2001:db8::1]", "[2001:db8::1]:53" },
        { "[2001:db8::1]:5353", "[2001:db8::1]:5353" },
        { "fe80::1%lo", "[fe80::1%lo]:53" },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        start(s, (struct resolver_options) { .server = good[i].text });
        assert_string_equal(s->trace->from.resolvers.items[i], good[i].shown);
        resolver_free(s->resolver);
        s->resolver = NULL;
    }
}

static void resolv_conf_is_read_as_the_c_library_does(void **state)
{
    struct scene *s = *state;
    write_file(s->resolv_conf, "; nameserver 192.0.2.1\n"
                               "domain example\n"
                               "nameserver\n"
                               "nameserver not-one\n"
                               "nameserver 192.0.2.2 # first\n"
                               "\tnameserver\t2001:db8::3\n"
                               "nameserver 192.0.2.4\n"
                               "nameserver 192.0.2.5\n");
    start(s, (struct resolver_options) { .resolv_conf = s->resolv_conf });
    const struct strings *names = &s->trace->from.resolvers;
    assert_int_equal(names->count, 3);
    assert_string_equal(names->items[0], "192.0.2.2:53");
    assert_string_equal(names->items[1], "[2001:db8::3]:53");
    assert_string_equal(names->items[2], "192.0.2.4:53");
    resolver_free(s->resolver);
    start(s, (struct resolver_options) { .resolv_conf = "/nonexistent" });
    assert_string_equal(names->items[3], "127.0.0.1:53");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(addresses_come_with_their_row),
        CASE(each_outcome_has_its_name),
        CASE(what_else_an_answer_says),
        CASE(forged_answers_are_left_out),
        CASE(silence_ends_with_the_budget),
        CASE(a_closed_port_is_told_at_once),
        CASE(truncation_is_noticed_and_tcp_has_it_all),
        CASE(truncation_without_tcp_is_told),
        CASE(large_datagrams_come_whole),
        CASE(a_question_is_sent_once),
        CASE(numeric_names_answer_themselves),
        CASE(names_that_are_none_are_not_sent),
        CASE(nothing_is_added_to_a_name),
        CASE(the_hosts_file_wins_as_for_every_client),
        CASE(a_chosen_server_wins_over_the_hosts_file),
        CASE(a_refusal_is_taken_to_the_next_server),
        CASE(silence_is_taken_to_the_next_server),
        CASE(late_answers_are_welcome),
        CASE(when_all_fail_the_one_that_spoke_is_told),
        CASE(it_may_be_freed_in_its_own_call),
        CASE(open_questions_end_without_a_call),
        CASE(a_late_loop_does_not_make_a_server_silent),
        CASE(bad_server_texts_are_refused),
        CASE(resolv_conf_is_read_as_the_c_library_does),
    };
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
