/* Who refused a connection, and how, in a network namespace with routes and a firewall of its own.
 * No cmocka: exit status 77 tells Meson that this machine does not allow it. */
#include "base/clock.h"
#include "net/evidence.h"
#include "net/resolver.h"

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SKIPPED = 77 };

/* Runs inside a new namespace: what a connect to TEXT comes to. */
static struct failure try_connect(const char *text, struct net_icmp *ret_icmp)
{
    struct net_address address;
    struct failure failure;
    *ret_icmp = (struct net_icmp) { 0 };
    if (!net_address_parse(&address, text, 25))
        return failure_make(FAILURE_SYSTEM, "no address");
    int fd = evidence_connect(&address, NULL, &failure);
    if (fd < 0)
        return failure;
    struct pollfd entry = { .fd = fd, .events = POLLOUT };
    if (poll(&entry, 1, 4000) == 1)
        evidence_connected(fd, &failure, ret_icmp);
    else
        failure = failure_make(FAILURE_TIMED_OUT, "silence");
    close(fd);
    return failure;
}

struct unreachable {
    const char *address;
    enum failure_kind kind;
    int type, code; /* ICMP; type 0: none */
};

static const struct unreachable unreachables[] = {
    { "198.51.100.1", FAILURE_NETWORK_UNREACHABLE, 0, 0 }, /* no route at all */
    { "192.0.2.1", FAILURE_HOST_UNREACHABLE, 0, 0 },       /* route of type unreachable */
    { "192.0.2.2", FAILURE_PROHIBITED, 0, 0 },             /* prohibit */
    { "192.0.2.3", FAILURE_NETWORK_UNREACHABLE, 0, 0 },    /* blackhole: EINVAL */
    { "127.0.9.1", FAILURE_PROHIBITED, 3, 13 },            /* admin-prohibited */
    { "127.0.9.2", FAILURE_CONNECTION_REFUSED, 3, 3 },     /* port-unreachable */
    { "127.0.9.3", FAILURE_CONNECTION_REFUSED, 0, 0 },     /* reset */
    { "127.0.9.4", FAILURE_NETWORK_UNREACHABLE, 3, 0 },    /* net-unreachable */
    { "127.0.9.5", FAILURE_HOST_UNREACHABLE, 3, 2 },       /* prot-unreachable: ENOPROTOOPT */
    { "::1", FAILURE_PROHIBITED, 1, 1 },                   /* admin-prohibited */
};

static const char network[] =
    "exec 2>/dev/null\n"
    "ip link set lo up || exit 1\n"
    "ip route add unreachable 192.0.2.1 || exit 1\n"
    "ip route add prohibit 192.0.2.2 || exit 1\n"
    "ip route add blackhole 192.0.2.3 || exit 1\n"
    "nft -f - <<END\n"
    "table ip f {\n"
    "chain i {\n"
    "type filter hook input priority 0;\n"
    "tcp dport 25 ip daddr 127.0.9.1 reject with icmp type admin-prohibited\n"
    "udp dport 53 ip daddr 127.0.9.1 reject with icmp type admin-prohibited\n"
    "tcp dport 25 ip daddr 127.0.9.2 reject with icmp type port-unreachable\n"
    "tcp dport 25 ip daddr 127.0.9.3 reject with tcp reset\n"
    "tcp dport 25 ip daddr 127.0.9.4 reject with icmp type net-unreachable\n"
    "tcp dport 25 ip daddr 127.0.9.5 reject with icmp type prot-unreachable\n"
    "}\n"
    "}\n"
    "table ip6 f {\n"
    "chain i {\n"
    "type filter hook input priority 0;\n"
    "tcp dport 25 reject with icmpv6 type admin-prohibited\n"
    "}\n"
    "}\n"
    "END\n";

/* SKIPPED when that is not possible here. */
static int enter_namespace(uid_t user)
{
    FILE *map;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || !(map = fopen("/proc/self/uid_map", "w")))
        return SKIPPED;
    fprintf(map, "0 %u 1", (unsigned)user);
    return fclose(map) != 0 || system(network) != 0 ? SKIPPED : 0;
}

/* The number of cases that were not as expected, each told. */
static int try_connects(void)
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof unreachables / sizeof *unreachables; i++) {
        const struct unreachable *u = &unreachables[i];
        struct net_icmp icmp;
        struct failure failure = try_connect(u->address, &icmp);
        bool as_told = icmp.seen == (u->type != 0) && icmp.type == u->type && icmp.code == u->code;
        if (icmp.seen && strcmp(icmp.sender, u->address) != 0)
            as_told = false;
        if (failure.kind == u->kind && as_told)
            continue;
        printf("%s: %s (%s), ICMP %d/%d from '%s'\n", u->address, failure_name(failure.kind),
               failure.text, icmp.type, icmp.code, icmp.sender);
        wrong++;
    }
    return wrong;
}

static void count_answer(void *arg, const struct resolution *resolution)
{
    int *answers = arg;
    (void)resolution;
    ++*answers;
}

/* A firewall that rejects DNS is named at once, in the words of the row. */
static int try_resolver(void)
{
    char *error;
    int answers = 0;
    struct loop *loop = loop_new();
    struct trace *trace = trace_new();
    struct resolver_options options = { .server = "127.0.9.1" };
    int64_t start = clock_mono_ns();
    struct resolver *resolver = resolver_new(loop, &options, trace, start, &error);
    resolver_ask(resolver, "a.example", DNS_A, count_answer, &answers);
    loop_run(loop);
    const struct failure *failure = &trace->lookups->error;
    bool right = answers == 1 && clock_mono_ns() - start < 1000000000 &&
                 failure->kind == FAILURE_HOST_UNREACHABLE &&
                 strstr(failure->text, "said 127.0.9.1 (ICMP 3/13)");
    if (!right)
        printf("resolver: %s (%s)\n", failure_name(failure->kind), failure->text);
    resolver_free(resolver);
    loop_free(loop);
    trace_free(trace);
    return right ? 0 : 1;
}

int main(void)
{
    int status = enter_namespace(getuid());
    if (status == SKIPPED) {
        puts("skipped: no user namespace, or no ip or nft, on this machine");
        return SKIPPED;
    }
    return try_connects() + try_resolver() == 0 ? 0 : 1;
}
