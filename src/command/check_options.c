#include "command/check_options.h"

#include "base/idna.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/check_recipient.h"
#include "command/check_submit.h"
#include "command/check_token.h"
#include "probes/sasl.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE_MS = 60000, PLUGIN_DEADLINE_MS = 45000, SECONDS_LIMIT = 86400, NAME_LIMIT = 255 };

void check_settings_init(struct check_settings *settings)
{
    *settings = (struct check_settings) {
        .password = { .what = "password", .environment = "MAILDOCTOR_PASSWORD" },
        .token = { .what = "token", .environment = "MAILDOCTOR_TOKEN" },
        .proxy_password = { .what = "proxy password", .environment = "MAILDOCTOR_PROXY_PASSWORD" },
        .format = report_format_find("text"),
    };
    token_wish_init(&settings->wish);
    check_recipient_init(&settings->recipient);
}

/* Icinga ends a plugin after 60 s, and hears nothing of it then. */
void check_settings_complete(struct check_settings *settings)
{
    bool plugin = strcmp(settings->format->name, "nagios") == 0;
    int exercise_ms = check_exercise_ms(settings);
    settings->run.path_asked_only = plugin; /* it comes again every few minutes */
    if (!settings->run.deadline_ms)
        settings->run.deadline_ms =
            exercise_ms + check_submit_ms(settings) + (plugin ? PLUGIN_DEADLINE_MS : DEADLINE_MS);
}

void check_settings_done(struct check_settings *settings)
{
    check_recipient_done(&settings->recipient);
    arena_done(&settings->arena);
}

/* ---- lists ---- */

/* Takes the next item off a list with commas; false at its end. Empty items are items. */
static bool next_item(const char **rest, char *item, size_t size)
{
    if (!*rest)
        return false;
    size_t length = strcspn(*rest, ",");
    size_t kept = length < size ? length : size - 1;
    memcpy(item, *rest, kept);
    item[kept] = '\0';
    *rest = (*rest)[length] ? *rest + length + 1 : NULL;
    return true;
}

static bool set_need(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    unsigned needs = 0;
    char item[16];
    for (const char *rest = value; next_item(&rest, item, sizeof item);) {
        int need = need_parse(item);
        if (need <= 0 || need == NEED_ENDPOINT || need == NEED_ANY)
            return options_reject(ret_error, "need", value,
                                  "a list of send, read, imap, pop, relay, with commas");
        needs |= (unsigned)need;
    }
    settings->run.plan.needs = needs;
    return true;
}

static bool add_port(struct check_settings *settings, int port)
{
    struct plan_options *plan = &settings->run.plan;
    for (size_t i = 0; i < plan->port_count; i++)
        if (settings->ports[i] == port)
            return true;
    if (plan->port_count == CHECK_PORT_LIMIT)
        return false;
    settings->ports[plan->port_count++] = port;
    plan->ports = settings->ports;
    return true;
}

/* 0 when TEXT is no port number. */
static int parse_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits])
        return 0;
    long port = strtol(text, NULL, 10);
    return port <= 65535 ? (int)port : 0;
}

static bool add_service_ports(struct check_settings *settings, const char *word)
{
    int service = service_parse(word);
    for (size_t i = 0; service >= 0 && i < port_use_count; i++)
        if ((int)port_uses[i].service == service)
            add_port(settings, port_uses[i].port);
    return service >= 0;
}

static bool set_ports(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    char item[16];
    settings->run.plan.port_count = 0;
    for (const char *rest = value; next_item(&rest, item, sizeof item);) {
        if (add_service_ports(settings, item))
            continue;
        int port = parse_port(item);
        if (port == 0)
            return options_reject(
                ret_error, "ports", value,
                "a list of ports from 1 to 65535, or smtp, imap, pop3, with commas");
        if (!port_use_assume(port))
            return options_reject(
                ret_error, "ports", value,
                "no usual mail port; say what speaks there with a URL as the target");
        if (!add_port(settings, port))
            return options_reject(ret_error, "ports", value, "too many ports");
    }
    return true;
}

/* ---- words ---- */

static bool set_provider(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->run.plan.provider = value;
    if (provider_find(value))
        return true;
    const char **ids = memory_new((provider_count + 1) * sizeof *ids);
    for (size_t i = 0; i < provider_count; i++)
        ids[i] = providers[i].id;
    const char *near = options_nearest(value, ids);
    char *quoted = options_quote(value);
    struct buffer names;
    buffer_init(&names, 1024);
    for (size_t i = 0; i < provider_count; i++)
        buffer_format(&names, i ? ", %s" : "%s", ids[i]);
    buffer_append(&names, "", 1);
    *ret_error = near ? memory_format("--provider %s is unknown; did you mean %s?", quoted, near)
                      : memory_format("--provider %s is unknown; one of %s", quoted,
                                      buffer_bytes(&names).data);
    buffer_done(&names);
    free(quoted);
    free(ids);
    return false;
}

bool check_login_name(const char *option, const char *value, char **ret_error)
{
    if (*value == '\0' || strlen(value) > NAME_LIMIT || !text_is_utf8(text_bytes(value)))
        return options_reject(ret_error, option, value, "a name is 1 to 255 bytes of UTF-8");
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return options_reject(ret_error, option, value, "a name holds no control character");
    return true;
}

static bool set_user(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->run.user = value;
    return check_login_name("user", value, ret_error);
}

static bool set_mailbox(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->run.mailbox = value;
    return check_login_name("as", value, ret_error);
}

static bool set_mechanism(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    const struct sasl_mechanism *mechanism = sasl_find(value);
    if (!mechanism)
        return options_reject(ret_error, "auth", value,
                              "PLAIN, LOGIN, SCRAM-SHA-256, SCRAM-SHA-1 (these also with -PLUS), "
                              "CRAM-MD5, XOAUTH2 or OAUTHBEARER");
    settings->run.mechanism = mechanism->name;
    return true;
}

/* Goes into a command line of the protocol: nothing that could end it (RFC 5321 section 4.1.1.1: a
 * domain or an address literal). */
static bool set_ehlo(void *to, const char *value, char **ret_error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._:[]";
    struct check_settings *settings = to;
    settings->run.ehlo = value;
    if (*value && strlen(value) <= NAME_LIMIT && value[strspn(value, allowed)] == '\0')
        return true;
    return options_reject(ret_error, "ehlo", value, "a host name, or an address in brackets");
}

/* ---- the way out ---- */

static bool set_family(struct check_settings *settings, int family, char **ret_error)
{
    if (settings->run.family && settings->run.family != family) {
        *ret_error = memory_copy("-4 and -6 exclude each other; without either, both are tested");
        return false;
    }
    settings->run.family = family;
    return true;
}

static bool set_ipv4(void *to, const char *value, char **ret_error)
{
    (void)value;
    return set_family(to, 4, ret_error);
}

static bool set_ipv6(void *to, const char *value, char **ret_error)
{
    (void)value;
    return set_family(to, 6, ret_error);
}

int check_seconds(const char *value)
{
    size_t whole = strspn(value, "0123456789");
    size_t dot = value[whole] == '.';
    size_t part = dot ? strspn(value + whole + 1, "0123456789") : 0;
    if (whole == 0 || whole > 6 || (dot && part == 0) || value[whole + dot + part])
        return 0;
    double seconds = strtod(value, NULL);
    return seconds <= SECONDS_LIMIT ? (int)(seconds * 1000 + 0.5) : 0;
}

static bool set_timeout(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->run.timeout_ms = check_seconds(value);
    return settings->run.timeout_ms ||
           options_reject(ret_error, "timeout", value, "seconds, more than 0, at most 86400");
}

static bool set_deadline(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    settings->run.deadline_ms = check_seconds(value);
    return settings->run.deadline_ms ||
           options_reject(ret_error, "deadline", value, "seconds, more than 0, at most 86400");
}

/* Takes one part of HOST:PORT:ADDRESS:PORT off REST; brackets protect colons. NULL when broken. */
static char *next_part(struct arena *arena, const char **rest)
{
    const char *text = *rest;
    if (!text)
        return NULL;
    bool bracket = *text == '[';
    size_t size = bracket ? strcspn(++text, "]") : strcspn(text, ":");
    const char *after = text + size;
    if (bracket && *after++ != ']')
        return NULL;
    if (*after && *after != ':')
        return NULL;
    *rest = *after ? after + 1 : NULL;
    return arena_format(arena, "%.*s", (int)size, text);
}

static bool is_numeric(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* As the rest of the program will know it; NULL when TEXT is no host. "" is any. */
static const char *clean_host(struct arena *arena, const char *text)
{
    const char *why;
    if (*text == '\0' || is_numeric(text))
        return text;
    char *ascii = idna_to_ascii(text, &why);
    const char *host = arena_copy(arena, ascii);
    free(ascii);
    return host;
}

static bool add_resolver(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    struct run_options *run = &settings->run;
    if (!run->resolver) {
        run->resolver = value;
        return true;
    }
    if (run->resolver_beside_count == CHECK_RESOLVER_LIMIT)
        return options_reject(ret_error, "resolver", value, "given too often");
    settings->resolvers[run->resolver_beside_count++] = value;
    run->resolvers_beside = settings->resolvers;
    return true;
}

static bool add_connect_to(void *to, const char *value, char **ret_error)
{
    static const char form[] = "HOST:PORT:ADDRESS:PORT, ADDRESS an IP address, IPv6 in brackets; "
                               "the first two may be empty";
    struct check_settings *settings = to;
    const char *rest = value;
    const char *host = next_part(&settings->arena, &rest);
    const char *port = next_part(&settings->arena, &rest);
    const char *address = next_part(&settings->arena, &rest);
    const char *to_port = next_part(&settings->arena, &rest);
    host = host ? clean_host(&settings->arena, host) : NULL;
    if (!host || !to_port || rest || !is_numeric(address) || parse_port(to_port) == 0 ||
        (*port && parse_port(port) == 0))
        return options_reject(ret_error, "connect-to", value, form);
    if (settings->run.connect_to_count == CHECK_CONNECT_LIMIT)
        return options_reject(ret_error, "connect-to", value, "given too often");
    settings->connect_to[settings->run.connect_to_count++] = (struct connect_to) {
        .host = host,
        .port = parse_port(port),
        .address = address,
        .to_port = parse_port(to_port),
    };
    settings->run.connect_to = settings->connect_to;
    if (*host)
        settings->hosts[settings->run.plan.host_count++] = host;
    settings->run.plan.hosts = settings->hosts;
    return true;
}

static bool set_proxy(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    return proxy_parse(&settings->run.proxy, &settings->arena, value, ret_error);
}

/* ---- the table ---- */

#define AT(member) offsetof(struct check_settings, member)
#define ON_ARGV                                                                                    \
    "a secret on the command line can be read by every user of this machine; use --ask-password, " \
    "--password-file, --password-fd, --password-command or MAILDOCTOR_PASSWORD"

static const struct option_row rows[] = {
    { OPTION_HEADING, .help = "What must work" },
    { OPTION_CALL, "need", 0, "LIST",
      "what must work: send, read, imap, pop, relay, with commas (default: send,read for an "
      "address "
      "or domain; the endpoint itself for HOST:PORT or a URL; anything that a bare host offers)",
      0, set_need },
    { OPTION_CALL, "ports", 0, "LIST",
      "only these ports, and each must work: numbers, or smtp, imap, pop3, with commas", 0,
      set_ports },
    { OPTION_CALL, "provider", 0, "NAME",
      "do not detect the provider: microsoft365, gmail, ..., generic", 0, set_provider },

    { OPTION_HEADING, .help = "Login" },
    { OPTION_CALL, "user", 0, "NAME", "the login, if it is not the address", 0, set_user },
    { OPTION_CALL, "as", 0, "MAILBOX",
      "open this mailbox with that login: a shared one, or one that an app was given", 0,
      set_mailbox },
    { OPTION_FLAG, "ask-password", 0, NULL, "ask for the password at the terminal",
      AT(password.ask), NULL },
    { OPTION_TEXT, "password-file", 0, "FILE", "read the password from a file", AT(password.file),
      NULL },
    { OPTION_TEXT, "password-fd", 0, "N", "read it from an open descriptor", AT(password.fd),
      NULL },
    { OPTION_TEXT, "password-command", 0, "COMMAND",
      "run a shell command; its first line is the password", AT(password.command), NULL },
    { OPTION_TEXT, "token-file", 0, "FILE", "read an OAuth access token from a file",
      AT(token.file), NULL },
    { OPTION_TEXT, "token-fd", 0, "N", "read it from an open descriptor", AT(token.fd), NULL },
    { OPTION_TEXT, "token-command", 0, "COMMAND",
      "run a shell command; its first line is the token", AT(token.command), NULL },
    { OPTION_REFUSED, "password", 0, "WORD", ON_ARGV, 0, NULL },
    { OPTION_REFUSED, "token", 0, "WORD",
      "a secret on the command line can be read by every user of this machine; use --token-file, "
      "--token-fd, --token-command or MAILDOCTOR_TOKEN",
      0, NULL },
    { OPTION_CALL, "auth", 0, "MECHANISM",
      "only this one: PLAIN, LOGIN, SCRAM-SHA-256[-PLUS], SCRAM-SHA-1[-PLUS], CRAM-MD5, "
      "XOAUTH2, OAUTHBEARER",
      0, set_mechanism },
    { OPTION_FLAG, "all-logins", 0, NULL, "log in on every port, not once per protocol",
      AT(run.all_logins), NULL },
    { OPTION_FLAG, "retry-login", 0, NULL,
      "try a password again that was refused within the last 30 minutes, and a token that "
      "says itself that it can be no good",
      AT(run.retry_login), NULL },
    { OPTION_FLAG, "insecure-login", 0, NULL,
      "send the secret even where the server's identity is not verified", AT(run.insecure_login),
      NULL },

    { OPTION_HEADING, .help = "The way there" },
    { OPTION_CALL, "connect-to", 0, "HOST:PORT:ADDR:PORT",
      "for HOST:PORT connect to ADDR:PORT; name and certificate checks stay; may be repeated", 0,
      add_connect_to },
    { OPTION_CALL, "resolver", 0, "ADDR[:PORT]",
      "ask this name server; further ones are asked the same, and compared", 0, add_resolver },
    { OPTION_TEXT, "ca-file", 0, "FILE", "trust these roots too (PEM)", AT(run.ca_file), NULL },
    { OPTION_FLAG, "no-system-ca", 0, NULL, "trust only --ca-file", AT(run.no_system_ca), NULL },
    { OPTION_CALL, "ipv4", '4', NULL, "only IPv4", 0, set_ipv4 },
    { OPTION_CALL, "ipv6", '6', NULL, "only IPv6", 0, set_ipv6 },
    { OPTION_TEXT, "source", 0, "ADDR", "connect from this address", AT(run.source), NULL },
    { OPTION_FLAG, "path", 0, NULL,
      "walk the path hop by hop even where nothing fails (else only where something does)",
      AT(run.path), NULL },
    { OPTION_CALL, "proxy", 0, "URL",
      "connect through socks5://[USER@]HOST:PORT or http://[USER@]HOST:PORT, which resolves the "
      "servers' names; its password is asked for, or comes from MAILDOCTOR_PROXY_PASSWORD",
      0, set_proxy },
    { OPTION_TEXT, "proxy-password-file", 0, "FILE", "read the proxy's password from a file",
      AT(proxy_password.file), NULL },
    { OPTION_REFUSED, "proxy-password", 0, "WORD",
      "a secret on the command line can be read by every user of this machine; use "
      "--proxy-password-file or MAILDOCTOR_PROXY_PASSWORD",
      0, NULL },
    { OPTION_CALL, "ehlo", 0, "NAME", "announce this name (default: this machine's)", 0, set_ehlo },
    { OPTION_CALL, "timeout", 0, "SECONDS", "wait no longer than this for each single step", 0,
      set_timeout },
    { OPTION_CALL, "deadline", 0, "SECONDS",
      "end the whole run after this (default: 60; 45 with --format nagios, 180 to submit)", 0,
      set_deadline },
    { 0 },
};

const struct option_row *const check_option_tables[] = { rows,
                                                         check_token_rows,
                                                         check_submit_rows,
                                                         check_recipient_rows,
                                                         check_exercise_rows,
                                                         check_words_rows,
                                                         check_targets_rows,
                                                         check_output_rows,
                                                         NULL };

/* ---- together ---- */

/* One run tries one of them: the other would be left out in silence. */
static bool is_one_secret(const struct check_settings *settings, char **ret_error)
{
    if (!secret_source_given(&settings->password) || !secret_source_given(&settings->token))
        return true;
    char *password = secret_source_name(&settings->password);
    char *token = secret_source_name(&settings->token);
    *ret_error = memory_format("a password (%s) and a token (%s) exclude each other: give one",
                               password, token);
    free(password);
    free(token);
    return false;
}

/* -4 and -6 choose between the addresses of a name; a numeric target has only one. */
static bool family_fits(const struct check_settings *settings, char **ret_error)
{
    const char *host = settings->run.target.host;
    int wanted = settings->run.family;
    if (!host || !wanted || !is_numeric(host) || wanted == (strchr(host, ':') ? 6 : 4))
        return true;
    *ret_error = memory_format("-%d leaves nothing to connect to: the target %s is an IPv%d "
                               "address",
                               wanted, host, wanted == 4 ? 6 : 4);
    return false;
}

bool check_settings_agree(const struct check_settings *settings, char **ret_error)
{
    const struct run_options *run = &settings->run;
    const char *why = NULL;
    if (run->no_system_ca && !run->ca_file)
        why = "--no-system-ca leaves nothing to trust; name roots with --ca-file";
    else if (!run->user && !run->target.user && !run->target.address &&
             (secret_source_given(&settings->password) || secret_source_given(&settings->token) ||
              settings->wish.oauth))
        why = "a secret was given, but no login; add --user";
    else if (run->mailbox && !secret_source_given(&settings->password) &&
             !secret_source_given(&settings->token))
        why = "--as needs a login: a password or a token";
    else if (settings->proxy_password.file && !run->proxy.user)
        why = "--proxy-password-file needs --proxy with a user, as in socks5://USER@HOST:PORT";
    else if (settings->limited && strcmp(settings->format->name, "nagios") != 0)
        why = "--warning and --critical are limits for --format nagios";
    else if (run->path && run->proxy.kind)
        why = "--path shows nothing behind --proxy: a proxy hides the path";
    if (why)
        *ret_error = memory_copy(why);
    return !why && is_one_secret(settings, ret_error) && check_token_agree(settings, ret_error) &&
           family_fits(settings, ret_error) &&
           plan_options_fit(&run->plan, &run->target, ret_error);
}
