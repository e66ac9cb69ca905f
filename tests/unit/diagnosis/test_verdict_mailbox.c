/* "Authenticated but not connected": each cause that fits the words, held against what the run saw
 * of the token, of the other protocols and of the mailbox's name. */
#include "base/text.h"
#include "diagnosis/diagnose.h"
#include "verdict_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOT_CONNECTED "a3 BAD User is authenticated but not connected."
#define ANA "ana@contoso.com"
#define BOB "bob@contoso.com"
#define SHARED "shared@contoso.com"

enum token { NO_TOKEN, OPAQUE, OF_USER, OF_APP };

struct story_case {
    const char *name;
    const char *lines;
    unsigned needs;
    const char *mailbox; /* --as; NULL: the login's own */
    enum token token;
    const char *token_user;
    /* In their order: "class confidence, ...", with '-' where something speaks against it. */
    const char *causes;
    const char *seen; /* what speaks for the first */
};

static const struct story_case cases[] = {
    { "a password, one's own mailbox", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, NULL, NO_TOKEN,
      NULL, "mailbox-protocol-disabled possible, throttled possible -", "switched off" },
    { "a password, another's mailbox", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, SHARED, NO_TOKEN,
      NULL,
      "oauth-app-not-authorized-for-mailbox likely, mailbox-protocol-disabled possible, throttled "
      "possible -",
      "another's mailbox was asked for" },
    { "a token that cannot be read", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, NULL, OPAQUE, NULL,
      "mailbox-protocol-disabled possible, oauth-app-not-authorized-for-mailbox possible, "
      "throttled possible -",
      "switched off" },
    { "one's own token", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, NULL, OF_USER, ANA,
      "mailbox-protocol-disabled possible, throttled possible -", "switched off" },
    { "one's own token, in other letters", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, NULL, OF_USER,
      "Ana@Contoso.com", "mailbox-protocol-disabled possible, throttled possible -",
      "switched off" },
    { "a token whose user is no address", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, NULL, OF_USER,
      "ana",
      "mailbox-protocol-disabled possible, oauth-app-not-authorized-for-mailbox possible, "
      "throttled possible -",
      "switched off" },
    { "somebody else's token", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, NULL, OF_USER, BOB,
      "oauth-wrong-user likely, oauth-app-not-authorized-for-mailbox possible, "
      "mailbox-protocol-disabled possible, throttled possible -",
      "is bob@contoso.com's, and the login names ana@contoso.com" },
    { "another's mailbox, one's own token", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, SHARED,
      OF_USER, ANA,
      "oauth-app-not-authorized-for-mailbox likely, mailbox-protocol-disabled possible, throttled "
      "possible -",
      "another's mailbox was asked for" },
    { "another's mailbox, somebody else's token", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, SHARED,
      OF_USER, BOB,
      "oauth-app-not-authorized-for-mailbox likely, oauth-wrong-user possible, "
      "mailbox-protocol-disabled possible, throttled possible -",
      "another's mailbox was asked for" },
    { "an app's token", "993 o mailbox " NOT_CONNECTED, NEED_IMAP, NULL, OF_APP, NULL,
      "oauth-app-not-authorized-for-mailbox likely, mailbox-protocol-disabled possible, throttled "
      "possible -",
      "an app's own" },
    { "POP3 opens it", "993 o mailbox " NOT_CONNECTED "\n995 o accepted", NEED_IMAP, NULL, OF_USER,
      ANA, "mailbox-protocol-disabled likely, throttled possible -", "so it is only this one" },
    { "POP3 opens it for an app", "993 o mailbox " NOT_CONNECTED "\n995 o accepted", NEED_IMAP,
      NULL, OF_APP, NULL,
      "mailbox-protocol-disabled likely, oauth-app-not-authorized-for-mailbox possible -, "
      "throttled possible -",
      "so it is only this one" },
    { "POP3 opens it with somebody else's token", "993 o mailbox " NOT_CONNECTED "\n995 o accepted",
      NEED_IMAP, NULL, OF_USER, BOB,
      "mailbox-protocol-disabled likely, oauth-wrong-user possible -, "
      "oauth-app-not-authorized-for-mailbox possible -, throttled possible -",
      "so it is only this one" },
    { "neither protocol opens it", "993 o mailbox " NOT_CONNECTED "\n995 o mailbox -ERR what",
      NEED_READ, NULL, OF_USER, ANA, "mailbox-protocol-disabled possible -, throttled possible -",
      "switched off" },
    { "sending takes the same token", "587 o token-accepted\n993 o mailbox " NOT_CONNECTED,
      NEED_IMAP, NULL, OF_USER, ANA, "mailbox-protocol-disabled possible, throttled possible -",
      "so there is a mailbox" },
    { "sending names a limit",
      "587 o refused 432 4.3.2 Concurrent connections limit exceeded\n993 o mailbox " NOT_CONNECTED,
      NEED_IMAP, NULL, OF_USER, ANA, "throttled likely, mailbox-protocol-disabled possible",
      "smtp.office365.com:587 says that it is too much" },
    { "many sessions of the run itself",
      "587 o accepted\n465 o accepted\n25 o accepted\n993 o mailbox " NOT_CONNECTED, NEED_IMAP,
      NULL, OF_USER, ANA, "mailbox-protocol-disabled possible, throttled possible",
      "so there is a mailbox" },
};

static void give_token(struct trace *trace, const struct story_case *c)
{
    if (c->token == NO_TOKEN)
        return;
    trace->token = arena_new(&trace->arena, sizeof *trace->token);
    *trace->token = (struct token_facts) {
        .source = "--token-file",
        .sha256 = "01234567",
        .readable = c->token != OPAQUE,
        .app_only = c->token == OF_APP,
        .user = c->token_user,
    };
}

static const char *causes_of(struct result *result)
{
    static const char *const confidences[] = {
        [CONFIDENCE_POSSIBLE] = "possible",
        [CONFIDENCE_LIKELY] = "likely",
        [CONFIDENCE_CERTAIN] = "certain",
    };
    const char *text = "";
    for (const struct alternative *a = result->verdict.alternatives; a; a = a->next)
        text = arena_format(&result->trace->arena, "%s%s%s %s%s", text, *text ? ", " : "",
                            a->class_id, confidences[a->confidence], a->against.count ? " -" : "");
    return text;
}

static bool is_seen(const struct result *result, const char *words)
{
    const struct alternative *first = result->verdict.alternatives;
    for (size_t i = 0; first && i < first->in_favour.count; i++)
        if (strstr(first->in_favour.items[i], words))
            return true;
    return false;
}

static void each_cause_is_weighed(void **state)
{
    bool good = true;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct story_case *c = &cases[i];
        const struct story story = { .provider = M365, .needs = c->needs, .lines = c->lines };
        struct result *result = story_tell(&story);
        result->trace->target.user = ANA;
        result->trace->target.mailbox = c->mailbox;
        give_token(result->trace, c);
        diagnose(result);
        const char *found = causes_of(result);
        if (!result->verdict.class_id ||
            strcmp(result->verdict.class_id, "authenticated-not-connected") != 0 ||
            strcmp(found, c->causes) != 0 || !is_seen(result, c->seen)) {
            print_error("%s: %s: found \"%s\", expected \"%s\"\n", c->name,
                        result->verdict.class_id, found, c->causes);
            good = false;
        }
        result_free(result);
    }
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_cause_is_weighed) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
