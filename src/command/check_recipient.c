#include "command/check_recipient.h"

#include "base/memory.h"
#include "base/text.h"
#include "command/check_submit.h"
#include "command/check_token.h"

#include <stdlib.h>
#include <string.h>

void check_recipient_init(struct check_recipient *recipient)
{
    recipient->password_source = (struct secret_source) {
        .what = "recipient's password",
        .option = "to-password",
        .environment = "MAILDOCTOR_TO_PASSWORD",
    };
    recipient->token_source = (struct secret_source) {
        .what = "recipient's token",
        .option = "to-token",
        .environment = "MAILDOCTOR_TO_TOKEN",
    };
}

/* ---- one by one ---- */

static bool set_address(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    const char *why;
    settings->recipient.address = check_submit_address(&settings->arena, value, &why);
    return settings->recipient.address || options_reject(ret_error, "round-trip-to", value, why);
}

static bool set_user(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->recipient.user = value;
    return check_login_name("to-user", value, ret_error);
}

/* Its own complaint speaks of a target, and the words behind it say what is wrong with it. */
static bool set_host(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    struct target *target = &settings->recipient.run.target;
    settings->recipient.host = value;
    if (!target_parse(target, &settings->arena, value, ret_error))
        return false;
    bool endpoint = target->kind == TARGET_HOST_PORT || target->kind == TARGET_URL;
    if (target->kind == TARGET_ADDRESS || target->user)
        return options_reject(ret_error, "to-host", value,
                              "a server; whose mailbox it is says --round-trip-to");
    return !endpoint || target->service != SERVICE_SMTP ||
           options_reject(ret_error, "to-host", value,
                          "a mailbox is opened over IMAP or POP3, not SMTP");
}

#define AT(member) offsetof(struct check_settings, recipient.member)
#define ON_ARGV                                                                                    \
    "a secret on the command line can be read by every user of this machine; use "                 \
    "--ask-to-password, --to-password-file, --to-password-fd, --to-password-command or "           \
    "MAILDOCTOR_TO_PASSWORD"

const struct option_row check_recipient_rows[] = {
    { OPTION_HEADING, .help = "A round trip to another account" },
    { OPTION_CALL, "round-trip-to", 0, "ADDRESS",
      "submit the test message to ADDRESS and find it in that mailbox, with a login of its own; "
      "nothing is sent before that mailbox has opened",
      0, set_address },
    { OPTION_CALL, "to-user", 0, "NAME", "its login, if it is not ADDRESS", 0, set_user },
    { OPTION_CALL, "to-host", 0, "HOST",
      "its server, HOST:PORT or a URL of imap, imaps, pop3 or pop3s (default: found as for a "
      "target)",
      0, set_host },
    { OPTION_FLAG, "ask-to-password", 0, NULL, "ask for its password at the terminal",
      AT(password_source.ask), NULL },
    { OPTION_TEXT, "to-password-file", 0, "FILE", "read its password from a file",
      AT(password_source.file), NULL },
    { OPTION_TEXT, "to-password-fd", 0, "N", "read it from an open descriptor",
      AT(password_source.fd), NULL },
    { OPTION_TEXT, "to-password-command", 0, "COMMAND",
      "run a shell command; its first line is the password", AT(password_source.command), NULL },
    { OPTION_TEXT, "to-token-file", 0, "FILE",
      "read an access token for it from a file (token get --output writes one)",
      AT(token_source.file), NULL },
    { OPTION_TEXT, "to-token-fd", 0, "N", "read it from an open descriptor", AT(token_source.fd),
      NULL },
    { OPTION_TEXT, "to-token-command", 0, "COMMAND",
      "run a shell command; its first line is the token", AT(token_source.command), NULL },
    { OPTION_REFUSED, "to-password", 0, "WORD", ON_ARGV, 0, NULL },
    { OPTION_REFUSED, "to-token", 0, "WORD",
      "a secret on the command line can be read by every user of this machine; use "
      "--to-token-file, --to-token-fd, --to-token-command or MAILDOCTOR_TO_TOKEN",
      0, NULL },
    { 0 },
};

/* ---- together ---- */

static bool is_given(const struct secret_source *source)
{
    return source->file || source->fd || source->command || source->ask;
}

static const char *login_of(const struct run_options *run)
{
    return run->user ? run->user : run->target.user ? run->target.user : run->target.address;
}

/* Two secrets for one login could both be wrong, and each try counts. */
static bool is_itself(const struct check_settings *settings)
{
    const struct check_recipient *recipient = &settings->recipient;
    const char *own = login_of(&settings->run);
    const char *there = recipient->user ? recipient->user : recipient->address;
    return own && (text_equal_fold(own, there) || text_equal_fold(own, recipient->address));
}

bool check_recipient_agrees(struct check_settings *settings, char **ret_error)
{
    struct check_recipient *recipient = &settings->recipient;
    bool password = secret_source_given(&recipient->password_source);
    bool token = secret_source_given(&recipient->token_source);
    bool some = recipient->user || recipient->host || is_given(&recipient->password_source) ||
                is_given(&recipient->token_source);
    const char *why = NULL;
    if (!recipient->address && !some)
        return true;
    if (!recipient->address)
        why = "--to-user, --to-host, --to-password-* and --to-token-* are of another account: add "
              "--round-trip-to ADDRESS";
    else if (password && token)
        why = "a password and a token of the recipient exclude each other: give one";
    else if (!password && !token)
        why = "--round-trip-to needs the login of that mailbox: --to-password-file, "
              "--to-token-file, ...";
    else if (is_itself(settings))
        why = "--round-trip-to is another account, and this is the same one: --round-trip";
    settings->run.round_trip = true;
    if (!settings->submit.to)
        settings->submit.to = recipient->address;
    if (why)
        *ret_error = memory_copy(why);
    return !why;
}

/* The way out is the same; all that belongs to an account is its own. */
static bool build_run(struct check_settings *settings, char **ret_error)
{
    struct check_recipient *recipient = &settings->recipient;
    struct run_options *run = &recipient->run;
    struct target target = run->target;
    const struct plan_options *plan = &settings->run.plan;
    if (!recipient->host && !target_parse(&target, &settings->arena, recipient->address, ret_error))
        return false;
    bool endpoint = target.kind == TARGET_HOST_PORT || target.kind == TARGET_URL;
    target.address = recipient->address; /* whose it is, wherever its server is */
    *run = settings->run;
    run->target = target;
    run->plan = (struct plan_options) {
        .services = 1U << SERVICE_IMAP | 1U << SERVICE_POP3,
        .needs = endpoint ? 0 : NEED_READ,
        .hosts = plan->hosts,
        .host_count = plan->host_count,
        .published = plan->published,
    };
    run->user = recipient->user ? recipient->user : recipient->address;
    run->password = recipient->password;
    run->token = recipient->token;
    run->mailbox = run->mechanism = NULL;
    run->all_logins = run->round_trip = run->exercise_imap = run->exercise_pop3 = false;
    run->deadline_ms = 0;
    run->submit = NULL;
    run->recipient = NULL;
    settings->run.recipient = run;
    return true;
}

bool check_recipient_take(struct check_settings *settings, char **ret_error)
{
    struct check_recipient *recipient = &settings->recipient;
    if (!recipient->address)
        return true;
    return secret_source_read(&recipient->password_source, &recipient->password, ret_error) &&
           secret_source_read(&recipient->token_source, &recipient->token, ret_error) &&
           build_run(settings, ret_error);
}

void check_recipient_note(const struct check_settings *settings, struct trace *trace)
{
    const struct check_recipient *recipient = &settings->recipient;
    if (!recipient->address)
        return;
    trace->recipient = trace_new();
    if (recipient->token)
        check_token_note_ready(&recipient->token_source, recipient->token, trace->recipient);
}

void check_recipient_done(struct check_recipient *recipient)
{
    secret_free(recipient->password);
    secret_free(recipient->token);
}
