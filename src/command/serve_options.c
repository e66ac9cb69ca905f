#include "command/serve_options.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    PORT = 9587,
    JOBS = 100,
    KEEP = 1000,
    CONNECTIONS = 512,
    MANY = 100000,
    OFFSET_MS = 500,
    OFFSET_MOST_MS = 60000,
};

void serve_settings_init(struct serve_settings *settings)
{
    *settings = (struct serve_settings) {
        .offset_ms = OFFSET_MS, .jobs = JOBS, .keep = KEEP, .connections = CONNECTIONS
    };
    net_address_parse(&settings->address, "127.0.0.1", PORT);
}

/* -1 when VALUE is no number up to MOST. */
static int parse_number(const char *value, int most)
{
    size_t digits = strspn(value, "0123456789");
    long number = digits && digits <= 6 && !value[digits] ? strtol(value, NULL, 10) : -1;
    return number <= most ? (int)number : -1;
}

/* ADDR:PORT, the address of version 6 in brackets. */
static bool set_listen(void *to, const char *value, char **ret_error)
{
    struct serve_settings *settings = to;
    bool bracket = *value == '[';
    const char *colon = strrchr(value, ':');
    const char *end = bracket ? strchr(value, ']') : colon;
    int port = colon ? parse_number(colon + 1, 65535) : -1;
    bool good = port >= 0 && end && end + bracket == colon;
    if (good) {
        char *address = memory_format("%.*s", (int)(end - value - bracket), value + bracket);
        good = (strchr(address, ':') != NULL) == bracket &&
               net_address_parse(&settings->address, address, port);
        free(address);
    }
    settings->listen = value;
    return good || options_reject(ret_error, "listen", value,
                                  "ADDR:PORT, a numeric address, IPv6 in brackets; port 0: any");
}

static bool set_offset(void *to, const char *value, char **ret_error)
{
    struct serve_settings *settings = to;
    size_t whole = strspn(value, "0123456789");
    size_t dot = value[whole] == '.';
    size_t part = dot ? strspn(value + whole + 1, "0123456789") : 0;
    bool number = whole && whole <= 2 && (part || !dot) && !value[whole + dot + part];
    double seconds = number ? strtod(value, NULL) : -1;
    settings->offset_ms = (int)(seconds * 1000);
    return (number && settings->offset_ms <= OFFSET_MOST_MS) ||
           options_reject(ret_error, "timeout-offset", value, "seconds, from 0 to 60");
}

static bool set_count(int *place, const char *option, const char *value, char **ret_error)
{
    *place = parse_number(value, MANY);
    return *place > 0 || options_reject(ret_error, option, value, "a number from 1 to 100000");
}

static bool set_jobs(void *to, const char *value, char **ret_error)
{
    return set_count(&((struct serve_settings *)to)->jobs, "jobs", value, ret_error);
}

static bool set_keep(void *to, const char *value, char **ret_error)
{
    return set_count(&((struct serve_settings *)to)->keep, "keep", value, ret_error);
}

static bool set_connections(void *to, const char *value, char **ret_error)
{
    return set_count(&((struct serve_settings *)to)->connections, "connections", value, ret_error);
}

#define AT(member) offsetof(struct serve_settings, member)

const struct option_row serve_option_rows[] = {
    { OPTION_TEXT, "modules", 0, "FILE",
      "the modules: which checks, with which login (default: one, \"default\", without a login, "
      "for every target)",
      AT(modules), NULL },
    { OPTION_CALL, "listen", 0, "ADDR:PORT", "default: 127.0.0.1:9587", 0, set_listen },
    { OPTION_TEXT, "login-file", 0, "FILE",
      "holds USER:PASSWORD, which each request must bring (basic authentication)", AT(login_file),
      NULL },
    { OPTION_TEXT, "tls-cert", 0, "FILE", "serve HTTPS with this certificate chain (PEM)",
      AT(certificate), NULL },
    { OPTION_TEXT, "tls-key", 0, "FILE", "its key (PEM)", AT(key), NULL },
    { OPTION_TEXT, "client-ca", 0, "FILE",
      "let in only who shows a certificate that one of these issued (PEM)", AT(client_ca), NULL },
    { OPTION_CALL, "timeout-offset", 0, "SECONDS",
      "answer this long before Prometheus' scrape timeout (default: 0.5)", 0, set_offset },
    { OPTION_CALL, "jobs", 0, "N", "run at most so many probes at once (default: 100)", 0,
      set_jobs },
    { OPTION_CALL, "keep", 0, "N", "keep the last result of so many targets (default: 1000)", 0,
      set_keep },
    { OPTION_CALL, "connections", 0, "N", "at most so many connections at once (default: 512)", 0,
      set_connections },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};

bool serve_settings_agree(const struct serve_settings *settings, char **ret_error)
{
    const char *why = NULL;
    if (!settings->certificate != !settings->key)
        why = "--tls-cert and --tls-key need each other";
    else if (settings->client_ca && !settings->certificate)
        why = "--client-ca needs --tls-cert and --tls-key";
    if (why)
        *ret_error = memory_copy(why);
    return !why;
}

bool serve_settings_is_local(const struct serve_settings *settings)
{
    char text[EVIDENCE_ADDRESS_SIZE];
    net_address_text(&settings->address, text);
    return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
}
