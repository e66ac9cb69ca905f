/* What becomes of the test message after it was accepted: what is told of it, and what is no fault.
 */
#include "base/text.h"
#include "diagnosis/diagnose.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ANA "ana@contoso.com"
#define SHARED "shared@contoso.com"
#define SECONDS INT64_C(1000000000)

/* A run that submitted a message on 587 and looked for it. */
struct delivery_case {
    const char *name;
    int port;                    /* where it was looked for; 0: nowhere */
    const char *to, *mailbox;    /* mailbox: --as; NULL */
    struct delivery_facts facts; /* endpoint is filled in */
    const char *bounce, *diagnostic;
    const char *expected; /* "class line, ..." of what is told; "" nothing */
};

static const struct delivery_case cases[] = {
    { .name = "it came",
      .port = 993,
      .to = ANA,
      .facts = { .arrived = true, .found_ns = 2 * SECONDS },
      .expected = "" },
    { .name = "it came just in time",
      .port = 993,
      .to = ANA,
      .facts = { .arrived = true, .found_ns = 59 * SECONDS },
      .expected = "" },
    { .name = "it came late",
      .port = 993,
      .to = ANA,
      .facts = { .arrived = true, .found_ns = 60 * SECONDS },
      .expected = "arrived-late: found after 60 s" },
    { .name = "among the junk",
      .port = 993,
      .to = ANA,
      .facts = { .arrived = true, .junk = true, .folder = "Junk Email", .found_ns = 2 * SECONDS },
      .expected = "arrived-in-junk: found in the folder Junk Email" },
    { .name = "among the junk, and late",
      .port = 993,
      .to = ANA,
      .facts = { .arrived = true, .junk = true, .folder = "Junk", .found_ns = 90 * SECONDS },
      .expected = "arrived-in-junk: found in the folder Junk, arrived-late: found after 90 s" },
    { .name = "it did not come",
      .port = 993,
      .to = ANA,
      .facts = { .waited_ns = 120 * SECONDS },
      .expected = "message-not-arrived: not in the inbox and not among the junk after 120 s" },
    { .name = "not over POP3, which has no junk",
      .port = 995,
      .to = ANA,
      .facts = { .waited_ns = 120 * SECONDS },
      .expected = "message-not-arrived: not in the inbox after 120 s" },
    { .name = "not in letters of another case",
      .port = 993,
      .to = "Ana@Contoso.COM",
      .facts = { .waited_ns = 120 * SECONDS },
      .expected = "message-not-arrived: not in the inbox and not among the junk after 120 s" },
    { .name = "it went to somebody else",
      .port = 993,
      .to = "bob@contoso.com",
      .facts = { .waited_ns = 120 * SECONDS },
      .expected = "" },
    { .name = "it went to the login, and another mailbox was looked into",
      .port = 993,
      .to = ANA,
      .mailbox = SHARED,
      .facts = { .waited_ns = 120 * SECONDS },
      .expected = "" },
    { .name = "it went to that other mailbox",
      .port = 993,
      .to = SHARED,
      .mailbox = SHARED,
      .facts = { .waited_ns = 120 * SECONDS },
      .expected = "message-not-arrived: not in the inbox and not among the junk after 120 s" },
    { .name = "only its copy was looked for",
      .port = 993,
      .to = ANA,
      .facts = { .copy_only = true, .waited_ns = 2 * SECONDS },
      .expected = "" },
    { .name = "nowhere to look", .to = ANA, .facts = { .waited_ns = 2 * SECONDS }, .expected = "" },
    { .name = "a bounce in the server's words",
      .port = 993,
      .to = "nobody@contoso.com",
      .facts = { .found_ns = 3 * SECONDS },
      .bounce = "This is the mail system. It could not.",
      .diagnostic = "550 5.1.1 <nobody@contoso.com>: Recipient address rejected: User unknown",
      .expected = "recipient-rejected: 550 5.1.1 <nobody@contoso.com>: Recipient address rejected: "
                  "User unknown" },
    { .name = "a bounce without such words",
      .port = 993,
      .to = "nobody@contoso.com",
      .facts = { .found_ns = 3 * SECONDS },
      .bounce = "No way.",
      .expected = "policy-or-spam-rejected: No way." },
    { .name = "one that could not be removed",
      .port = 993,
      .to = ANA,
      .facts = { .arrived = true, .found_ns = SECONDS, .left = 1 },
      .expected = "test-message-left: 1 message of this run could not be removed" },
    { .name = "two of them, copy only",
      .port = 993,
      .to = ANA,
      .facts = { .copy_only = true, .left = 2 },
      .expected = "test-message-left: 2 messages of this run could not be removed" },
};

static struct result *tell(const struct delivery_case *c)
{
    static const struct story story = { .provider = "generic",
                                        .lines = "587 o accepted\n993 o accepted\n995 o accepted" };
    struct result *result = story_tell(&story);
    struct trace *trace = result->trace;
    trace->target.address = trace->target.user = ANA;
    trace->target.mailbox = c->mailbox;
    trace->submission = arena_new(&trace->arena, sizeof *trace->submission);
    *trace->submission = (struct submission_facts) {
        .from = ANA, .to = c->to, .accepted = true, .endpoint = "mail.example.org:587"
    };
    trace->delivery = arena_new(&trace->arena, sizeof *trace->delivery);
    *trace->delivery = c->facts;
    trace->delivery->endpoint = c->port == 993   ? "mail.example.org:993"
                                : c->port == 995 ? "mail.example.org:995"
                                                 : NULL;
    trace->delivery->bounce = text_bytes(c->bounce);
    trace->delivery->diagnostic = text_bytes(c->diagnostic);
    return result;
}

static const char *findings_of(struct result *result)
{
    struct arena *arena = &result->trace->arena;
    const char *text = "";
    for (const struct finding *f = result->findings; f; f = f->next)
        for (const struct evidence *e = f->evidence; e; e = e->next)
            if (strcmp(e->step, "arrival") == 0 || strcmp(e->step, "bounce") == 0)
                text = arena_format(arena, "%s%s%s: %.*s", text, *text ? ", " : "", f->class_id,
                                    (int)e->line.size, e->line.data);
    return text;
}

static void each_outcome_is_told(void **state)
{
    bool good = true;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result *result = tell(&cases[i]);
        diagnose(result);
        const char *found = findings_of(result);
        if (strcmp(found, cases[i].expected) != 0) {
            print_error("%s: found \"%s\"\n", cases[i].name, found);
            good = false;
        }
        result_free(result);
    }
    assert_true(good);
}

/* A run without a message, or that did not look, has nothing to tell. */
static void nothing_is_told_of_nothing(void **state)
{
    (void)state;
    struct result *result = tell(&cases[5]);
    result->trace->submission = NULL;
    diagnose(result);
    assert_string_equal(findings_of(result), "");
    result_free(result);
    result = tell(&cases[5]);
    result->trace->delivery = NULL;
    diagnose(result);
    assert_string_equal(findings_of(result), "");
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_outcome_is_told),
                                        cmocka_unit_test(nothing_is_told_of_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
