/* `maildoctor token get`. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/command.h"
#include "command/harden.h"
#include "command/output.h"
#include "command/terminal.h"
#include "command/token.h"
#include "command/token_flow.h"
#include "command/token_show.h"
#include "command/token_store.h"
#include "diagnosis/explain.h"
#include "report/explanation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_LIMIT = 1 << 20, PLACE_LIMIT = HTTP_PLACE_LIMIT, PAGE_WIDTH = 80, REFUSED = 2 };

struct token_get {
    struct token_wish wish;
    const struct provider *provider;
    const char *user; /* ADDRESS; NULL */
    const char *output;
    bool print, ascii;
    struct http_options http;
    const char *places[PLACE_LIMIT];
    const char *proxy_url;
    struct secret_source proxy_source;
    struct secret *proxy_password;
    struct arena arena;
};

/* ---- options ---- */

static bool set_provider(void *to, const char *value, char **ret_error)
{
    struct token_get *get = to;
    get->provider = provider_find(value);
    if (get->provider && get->provider->oauth)
        return true;
    return options_reject(ret_error, "provider", value,
                          get->provider ? "no authority of theirs is known here"
                                        : "unknown; for example microsoft365, gmail");
}

static bool add_place(void *to, const char *value, char **ret_error)
{
    struct token_get *get = to;
    if (get->http.connect_to_count == PLACE_LIMIT)
        return options_reject(ret_error, "connect-to", value, "given too often");
    get->places[get->http.connect_to_count++] = value;
    get->http.connect_to = get->places;
    return true;
}

static bool set_ipv4(void *to, const char *value, char **ret_error)
{
    (void)value;
    (void)ret_error;
    ((struct token_get *)to)->http.family = 4;
    return true;
}

static bool set_ipv6(void *to, const char *value, char **ret_error)
{
    (void)value;
    (void)ret_error;
    ((struct token_get *)to)->http.family = 6;
    return true;
}

#define AT(member) offsetof(struct token_get, member)
#define ON_ARGV                                                                                    \
    "a secret on the command line can be read by every user of this machine; use a file, a "       \
    "descriptor, a command or the environment"

static const struct option_row rows[] = {
    { OPTION_HEADING, .help = "The token" },
    TOKEN_WISH_ROWS(token_get, wish),
    { OPTION_CALL, "provider", 0, "NAME",
      "whose authority (default: by the address, else "
      "microsoft365; gmail for service-account)",
      0, set_provider },
    { OPTION_REFUSED, "client-secret", 0, "WORD", ON_ARGV, 0, NULL },
    { OPTION_REFUSED, "refresh-token", 0, "WORD", ON_ARGV, 0, NULL },
    { OPTION_REFUSED, "assertion", 0, "WORD", ON_ARGV, 0, NULL },

    { OPTION_HEADING, .help = "The way there" },
    { OPTION_CALL, "connect-to", 0, "HOST:PORT:ADDR:PORT",
      "go there instead; name and checks stay; may be repeated", 0, add_place },
    { OPTION_TEXT, "resolver", 0, "ADDR[:PORT]", "ask this name server (default: the system's)",
      AT(http.resolver), NULL },
    { OPTION_TEXT, "source", 0, "ADDR", "connect from this address", AT(http.source), NULL },
    { OPTION_TEXT, "ca-file", 0, "FILE", "trust the root certificates in it, too", AT(http.ca_file),
      NULL },
    { OPTION_FLAG, "no-system-ca", 0, NULL, "trust only those of --ca-file", AT(http.no_system_ca),
      NULL },
    { OPTION_TEXT, "proxy", 0, "URL",
      "through a proxy: socks5://[USER@]HOST:PORT or http://... (default: as https_proxy says)",
      AT(proxy_url), NULL },
    { OPTION_TEXT, "proxy-password-file", 0, "FILE", "read the proxy's password from a file",
      AT(proxy_source.file), NULL },
    { OPTION_CALL, "ipv4", '4', NULL, "only over IPv4", 0, set_ipv4 },
    { OPTION_CALL, "ipv6", '6', NULL, "only over IPv6", 0, set_ipv6 },

    { OPTION_HEADING, .help = "Output" },
    { OPTION_TEXT, "output", 'o', "FILE", "write the token to a file that only you can read",
      AT(output), NULL },
    { OPTION_FLAG, "print", 0, NULL, "print the token itself, and nothing else", AT(print), NULL },
    { OPTION_FLAG, "ascii", 0, NULL, "only ASCII characters", AT(ascii), NULL },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};

static int print_help(void)
{
    return command_help(
        "usage: maildoctor token get --oauth WAY --client-id ID [OPTION...] [ADDRESS]\n\n"
        "Gets an access token for the mail of ADDRESS.\n\n"
        "A token is given to a registered app only. At Microsoft 365: Entra admin center,\n"
        "App registrations, New registration; for --oauth device allow public client\n"
        "flows and the delegated permissions IMAP.AccessAsUser.All, POP.AccessAsUser.All\n"
        "and SMTP.Send; for client-credentials and federation give it IMAP.AccessAsApp,\n"
        "POP.AccessAsApp or SMTP.SendAsApp, the consent of an administrator, and then the\n"
        "mailbox in Exchange (New-ServicePrincipal, Add-MailboxPermission).\n"
        "At Google's a person signs in with --oauth code: Cloud console, APIs and services,\n"
        "Credentials, OAuth client id, Desktop app; its id and its secret are needed. At\n"
        "Microsoft 365 code needs the redirect address http://localhost (Mobile and desktop\n"
        "applications).\n"
        "At Google Workspace a machine uses a service account: Cloud console, IAM, Service\n"
        "accounts, Keys; then Admin console, Security, API controls, Domain-wide delegation:\n"
        "its client id with the scope https://mail.google.com/.\n"
        "Machines sign in best by federation or with a certificate: neither holds a\n"
        "secret that could be copied. A refresh token is one.\n",
        rows,
        "\nWhen neither --output nor --print is given, the token is kept for "
        "later runs and\nonly described.\n\nExit status: 0 there is a token, "
        "2 there is none, 3 bad usage.\n");
}

/* ---- output ---- */

static int describe(const struct token_get *get, const struct token_outcome *outcome)
{
    struct buffer out;
    struct token token;
    struct arena arena = { 0 };
    buffer_init(&out, TEXT_LIMIT);
    const struct page page = {
        .out = &out,
        .color = false,
        .ascii = get->ascii || !terminal_has_utf8(),
        .width = PAGE_WIDTH,
    };
    token_read(&token, &arena, secret_bytes(outcome->token));
    buffer_format(&out, "%s %s.\n", outcome->kept ? "Kept from an earlier run, of" : "From",
                  outcome->host);
    token_show_text(&page, &token, clock_real_ns() / 1000000000);
    int status = command_print(&out);
    arena_done(&arena);
    buffer_done(&out);
    return status;
}

static int hand_out(const struct token_get *get, const struct token_outcome *outcome)
{
    struct buffer out;
    struct bytes token = secret_bytes(outcome->token);
    char *error = NULL;
    if (!get->output && !get->print)
        return describe(get, outcome);
    buffer_init(&out, SECRET_LIMIT + 1);
    buffer_append(&out, token.data, token.size);
    buffer_append_text(&out, "\n");
    bool good = get->output ? output_write_private(get->output, buffer_bytes(&out), &error)
                            : output_write(NULL, buffer_bytes(&out), &error);
    buffer_done(&out);
    return good ? 0 : command_fail(error);
}

/* Why there is none: the authority's words, or ours, and what they mean. */
static int explain(const struct token_get *get, const struct token_outcome *outcome)
{
    static const struct {
        const char *event, *words; /* event NULL: the words that were said tell */
    } faults[] = {
        [TOKEN_REFUSED] = { NULL, "said" },
        [TOKEN_UNREACHABLE] = { "login.authority_unreachable",
                                "gave no answer that could be used" },
        [TOKEN_UNFIT] = { "login.authority_unfit", "describes itself in a way that does not do" },
        [TOKEN_UNVOUCHED] = { "login.job_not_vouched", "did not vouch for this job" },
    };
    struct buffer out;
    buffer_init(&out, TEXT_LIMIT);
    const struct report_options options = {
        .color = terminal_has_color(STDOUT_FILENO),
        .ascii = get->ascii || !terminal_has_utf8(),
    };
    const char *event = faults[outcome->fault].event;
    struct explainer *explainer = explainer_new(get->provider, event ? outcome->host : NULL, NULL);
    struct judgement judgement = { .provider = get->provider };
    if (event)
        judgement.classified = classify_event(event);
    else
        judgement = explain_words(explainer, text_bytes(outcome->refusal));
    const struct explanation explanation = {
        .line = text_bytes(outcome->refusal),
        .explained = explain_class(explainer, &judgement),
    };
    buffer_format(&out, "NO TOKEN. %s %s:\n", outcome->host, faults[outcome->fault].words);
    explanation_text(&out, &explanation, &options, true);
    int status = command_print(&out);
    explainer_free(explainer);
    buffer_done(&out);
    return status ? status : REFUSED;
}

/* ---- from the words to the token ---- */

static bool take_operand(struct token_get *get, const struct operands *operands, char **ret_error)
{
    const char *at = operands->count ? strrchr(operands->items[0], '@') : NULL;
    if (operands->count > 1 || (operands->count && (!at || !at[1]))) {
        *ret_error = memory_copy("token get takes one mail address, or none");
        return false;
    }
    get->user = operands->count ? operands->items[0] : NULL;
    const struct provider *known = at ? provider_by_domain(at + 1) : NULL;
    if (!get->provider && get->wish.issuer)
        get->provider = known;
    else if (!get->provider)
        get->provider = known && known->oauth ? known : token_wish_provider(&get->wish);
    return true;
}

static bool take_proxy(struct token_get *get, char **ret_error)
{
    struct proxy_settings settings = { 0 };
    if (!get->proxy_url)
        return true;
    if (!proxy_parse(&settings, &get->arena, get->proxy_url, ret_error) ||
        !secret_source_read(&get->proxy_source, &get->proxy_password, ret_error))
        return false;
    token_http_proxy(&get->http, &settings, &get->arena);
    get->http.proxy_password = get->proxy_password;
    return true;
}

static bool prepare(struct token_get *get, const struct operands *operands, char **ret_error)
{
    if (!get->wish.oauth) {
        *ret_error =
            memory_copy("how is the token to be had? --oauth device, code, client-credentials, "
                        "federation, refresh or service-account");
        return false;
    }
    if (get->output && get->print) {
        *ret_error = memory_copy("--output and --print exclude each other");
        return false;
    }
    return token_wish_agree(&get->wish, ret_error) && take_operand(get, operands, ret_error) &&
           output_check(get->output, ret_error) && take_proxy(get, ret_error);
}

static int perform(struct token_get *get, char **ret_error)
{
    const struct token_context context = { get->provider, get->user, get->http };
    struct token_outcome outcome;
    int status;
    if (!token_obtain(&get->wish, &context, &get->arena, &outcome, ret_error))
        status = command_fail(*ret_error);
    else
        status = outcome.token ? hand_out(get, &outcome) : explain(get, &outcome);
    token_outcome_done(&outcome);
    return status;
}

int token_get_main(int argc, char **argv)
{
    struct token_get get = {
        .proxy_source = { .what = "proxy password", .environment = "MAILDOCTOR_PROXY_PASSWORD" },
    };
    struct operands operands;
    char *error = NULL;
    int status;
    token_wish_init(&get.wish);
    enum options_result read = options_read(rows, argc, argv, &get, &operands, &error);
    if (read == OPTIONS_WANT_HELP)
        status = print_help();
    else if (read == OPTIONS_BAD || !prepare(&get, &operands, &error))
        status = command_fail(error);
    else
        status = perform(&get, &error);
    secret_free(get.proxy_password);
    arena_done(&get.arena);
    return status;
}
