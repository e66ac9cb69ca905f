/* Placing the break on a path, from two lists of hops.
 *
 * A walk is a word a TTL: "1" to "9" a router that names itself 10.77.N.1, "d" one that answers as
 * the destination, "." silence, "o" a connection, "x" a reset, "u1" an ICMP refusal by router 1. */
#include "result/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct path_case {
    const char *what;
    const char *hops, *control; /* control NULL: none */
    bool sibling, confirmed, works;
    enum path_kind kind;
    int after, before;
    const char *after_sender, *before_sender;
    enum confidence confidence;
    int forwarded;
    char refused_by; /* the connection itself: a router's number; 0: by nobody */
};

static const char destination[] = "10.77.3.1";

static const char *router(struct trace *trace, char number)
{
    return arena_format(&trace->arena, "10.77.%c.1", number);
}

static struct hop *walk(struct trace *trace, const char *words)
{
    struct hop *first = NULL, **link = &first;
    int ttl = 0;
    for (const char *p = words ? words : ""; *p; p++) {
        if (*p == ' ')
            continue;
        struct hop *hop = arena_new(&trace->arena, sizeof *hop);
        *hop = (struct hop) { .ttl = ++ttl, .type = -1, .code = -1, .duration_ns = 1000000 };
        *link = hop;
        link = &hop->next;
        if (*p == 'o')
            hop->answer = HOP_OPEN;
        else if (*p == 'x')
            hop->answer = HOP_RESET;
        else if (*p == 'u') {
            hop->answer = HOP_UNREACHABLE;
            hop->sender = router(trace, *++p);
        } else if (*p == 'd') {
            hop->answer = HOP_ROUTER;
            hop->sender = destination;
        } else if (*p != '.') {
            hop->answer = HOP_ROUTER;
            hop->sender = router(trace, *p);
        }
    }
    return first;
}

#define R(n) "10.77." n ".1"
static const struct path_case cases[] = {
    { "a filter in forward: the router answers, the next is never reached", "0 1 . .", "0 1 2 o",
      .confirmed = true, .kind = PATH_DROPPED, .after = 2, .before = 3, .after_sender = R("1"),
      .before_sender = R("2"), .confidence = CONFIDENCE_CERTAIN },
    { "not looked at again", "0 1 . .", "0 1 2 o", .kind = PATH_DROPPED, .after = 2, .before = 3,
      .after_sender = R("1"), .before_sender = R("2"), .confidence = CONFIDENCE_POSSIBLE },
    { "a filter in prerouting: the router itself is never reached", "0 . . .", "0 1 2 o",
      .confirmed = true, .kind = PATH_DROPPED, .after = 1, .before = 2, .after_sender = R("0"),
      .before_sender = R("1"), .confidence = CONFIDENCE_CERTAIN },
    { "right behind this machine", ". . . .", "0 1 2 o", .confirmed = true, .kind = PATH_DROPPED,
      .after = 0, .before = 1, .before_sender = R("0"), .confidence = CONFIDENCE_CERTAIN },
    { "at the server, or on the way back: never certain", "0 1 2 . .", "0 1 2 o o",
      .confirmed = true, .kind = PATH_AT_HOST, .after = 3, .before = 4, .after_sender = R("2"),
      .before_sender = destination, .confidence = CONFIDENCE_LIKELY },
    { "a router silent for both is not blamed", "0 . . .", "0 . 2 o", .confirmed = true,
      .kind = PATH_DROPPED, .after = 1, .before = 3, .after_sender = R("0"),
      .before_sender = R("2"), .confidence = CONFIDENCE_LIKELY },
    { "both end: no port block", "0 . . . .", "0 . . . .", .kind = PATH_DEAD, .after = 1,
      .after_sender = R("0"), .confidence = CONFIDENCE_LIKELY },
    { "without a control only the last sign of life", "0 1 . .", NULL, .kind = PATH_DEAD,
      .after = 2, .after_sender = R("1"), .confidence = CONFIDENCE_POSSIBLE },
    { "a sibling's way: shared hops count, and no more than possible", "0 1 . .", "0 1 2 o",
      .sibling = true, .confirmed = true, .kind = PATH_DROPPED, .after = 2, .before = 3,
      .after_sender = R("1"), .before_sender = R("2"), .confidence = CONFIDENCE_POSSIBLE },
    { "a sibling at another place tells nothing", "0 1 . .", "0 5 6 o", .sibling = true,
      .kind = PATH_DEAD, .after = 2, .after_sender = R("1"), .confidence = CONFIDENCE_POSSIBLE },
    { "a sibling's own end is not this server's", "0 1 2 .", "0 1 2 o", .sibling = true,
      .kind = PATH_DEAD, .after = 3, .after_sender = R("2"), .confidence = CONFIDENCE_POSSIBLE },
    { "two ways at once", "0 7 . .", "0 1 2 o", .confirmed = true, .kind = PATH_DROPPED, .after = 2,
      .before = 3, .after_sender = R("7"), .before_sender = R("2"),
      .confidence = CONFIDENCE_POSSIBLE },
    { "refused, and the router does not say it twice", "0 1 . .", "0 1 2 o", .confirmed = true,
      .kind = PATH_REJECTED, .after = 2, .before = 2, .after_sender = R("1"),
      .before_sender = R("1"), .confidence = CONFIDENCE_LIKELY, .refused_by = '1' },
    { "refused by somebody who only spoke on the control's way", "0 . . .", "0 1 2 o",
      .kind = PATH_REJECTED, .after = 2, .before = 2, .after_sender = R("1"),
      .before_sender = R("1"), .confidence = CONFIDENCE_LIKELY, .refused_by = '1' },
    { "refused by somebody at no known hop", "0 1 . .", "0 1 2 o", .confirmed = true,
      .kind = PATH_UNKNOWN, .refused_by = '8' },
    { "a forged reset: the control goes on where it came from", "0 1 x x", "0 1 2 o",
      .confirmed = true, .kind = PATH_RESET, .after = 2, .before = 3, .after_sender = R("1"),
      .before_sender = R("2"), .confidence = CONFIDENCE_CERTAIN },
    { "the server's own reset", "0 1 2 x", "0 1 2 o", .confirmed = true, .kind = PATH_REFUSED,
      .after = 3, .before = 4, .after_sender = R("2"), .confidence = CONFIDENCE_CERTAIN },
    { "a reset, and a lost reply of the control: nobody is accused", "0 1 2 x", "0 1 2 . o",
      .kind = PATH_UNKNOWN, .after = 3, .before = 4, .after_sender = R("2"),
      .confidence = CONFIDENCE_LIKELY },
    { "a reset without a control", "0 x", NULL, .kind = PATH_UNKNOWN, .after = 1, .before = 2,
      .after_sender = R("0"), .confidence = CONFIDENCE_POSSIBLE },
    { "a refusal by name", "0 u1 u1", "0 1 2 o", .confirmed = true, .kind = PATH_REJECTED,
      .after = 1, .before = 2, .after_sender = R("0"), .before_sender = R("1"),
      .confidence = CONFIDENCE_CERTAIN },
    { "a refusal in forward bears the name of the hop before", "0 1 u1 u1", "0 1 2 o",
      .confirmed = true, .kind = PATH_REJECTED, .after = 2, .before = 3, .after_sender = R("1"),
      .before_sender = R("1"), .confidence = CONFIDENCE_CERTAIN },
    { "a refusal by name, without a control", "0 u1", NULL, .kind = PATH_REJECTED, .after = 1,
      .before = 2, .after_sender = R("0"), .before_sender = R("1"),
      .confidence = CONFIDENCE_LIKELY },
    { "a transparent proxy, on a port that works", "0 o o", "0 1 2 o", .works = true,
      .kind = PATH_INTERCEPTED, .after = 1, .before = 2, .after_sender = R("0"),
      .before_sender = R("1"), .confidence = CONFIDENCE_LIKELY },
    { "a port that works", "0 1 2 o", "0 1 2 o", .works = true, .kind = PATH_OPEN, .after = 3,
      .before = 4, .after_sender = R("2"), .confidence = CONFIDENCE_LIKELY },
    { "losses on the way to a port that works", "0 . . .", "0 1 2 o", .works = true,
      .kind = PATH_UNKNOWN, .after = 0, .before = 0 },
    { "a forwarded port", "0 d d o", "0 d d o", .works = true, .kind = PATH_OPEN, .after = 3,
      .before = 4, .after_sender = "10.77.3.1", .confidence = CONFIDENCE_LIKELY, .forwarded = 2 },
    { "no walk", NULL, NULL, .kind = PATH_UNKNOWN },
};

static void check_text(const char *is, const char *should)
{
    if (!is || !should)
        assert_ptr_equal(is, should);
    else
        assert_string_equal(is, should);
}

static void check_case(const struct path_case *c)
{
    struct trace *trace = trace_new();
    struct path_facts path = {
        .control = c->control ? destination : NULL,
        .same_address = c->control && !c->sibling,
        .confirmed = c->confirmed,
        .control_hops = walk(trace, c->control),
    };
    struct address address = {
        .text = destination,
        .status = c->works ? STATUS_OK : STATUS_FAIL,
        .hops = walk(trace, c->hops),
        .path = &path,
    };
    struct icmp icmp = { .type = 3, .code = 13 };
    if (c->refused_by) {
        icmp.sender = router(trace, c->refused_by);
        address.icmp = &icmp;
    }
    struct path_break out = path_place(&address);
    if (out.kind != c->kind)
        fail_msg("%s: kind %d", c->what, (int)out.kind);
    assert_int_equal(out.after.ttl, c->after);
    assert_int_equal(out.before.ttl, c->before);
    check_text(out.after.sender, c->after_sender);
    check_text(out.before.sender, c->before_sender);
    assert_int_equal(out.confidence, c->confidence);
    assert_int_equal(out.forwarded_ttl, c->forwarded);
    trace_free(trace);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(&cases[i]);
}

/* Whatever is lost of whatever walk, a pair is in order, and silence that nobody confirmed is no
 * more than possible.
 */
static void test_losses(void **state)
{
    (void)state;
    static const char hops[] = "01...", control[] = "012oo";
    for (unsigned lost = 0; lost < 1u << 10; lost++) {
        char a[6] = "", b[6] = "";
        for (unsigned i = 0; i < 5; i++) {
            a[i] = lost >> i & 1 ? '.' : hops[i];
            b[i] = lost >> (i + 5) & 1 ? '.' : control[i];
        }
        struct trace *trace = trace_new();
        struct path_facts path = { .control = destination, .same_address = true };
        struct address address = { .text = destination, .status = STATUS_FAIL, .path = &path };
        path.control_hops = walk(trace, b);
        address.hops = walk(trace, a);
        struct path_break out = path_place(&address);
        bool dropped = out.kind == PATH_DROPPED || out.kind == PATH_AT_HOST;
        assert_true(out.kind == PATH_DEAD || dropped);
        if (dropped)
            assert_int_equal(out.confidence, CONFIDENCE_POSSIBLE);
        if (dropped)
            assert_true(out.after.ttl < out.before.ttl);
        trace_free(trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_table),
                                        cmocka_unit_test(test_losses) };
    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
