#include "plan/target.h"

#include "base/idna.h"
#include "base/memory.h"
#include "base/text.h"
#include "plan/plan.h"
#include "plan/target_form.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_LIMIT = 2048, /* bytes; a percent-encoded address of the longest kind fits */
    LOCAL_LIMIT = 255, /* bytes before the '@'; RFC 5321 allows 64, logins are longer here and there
                        */
    QUOTE_LIMIT = 64,  /* bytes of the input that an error repeats */
};

bool form_reject(struct form *form, const char *why)
{
    form->why = why;
    return false;
}

bool form_is_numeric(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* A last label of digits only is no top-level domain: a mistyped address, or a forgotten colon. */
static bool ends_in_number(const char *name)
{
    const char *label = strrchr(name, '.');
    label = label ? label + 1 : name;
    return *label && label[strspn(label, "0123456789")] == '\0';
}

/* TEXT, a name in any script, as the ASCII name in the arena; NULL with form->why set. */
static const char *read_name(struct form *form, const char *text)
{
    char *ascii = idna_to_ascii(text, &form->why);
    if (!ascii)
        return NULL;
    char *copy = arena_copy(form->arena, ascii);
    free(ascii);
    if (!ends_in_number(copy))
        return copy;
    form->why = "a name does not end in a number, and it is no complete IP address either";
    return NULL;
}

static bool read_v6(struct form *form, const char *text)
{
    struct in6_addr address;
    char canonical[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, text, &address) != 1)
        return form_reject(form, "what stands between the brackets is no IPv6 address");
    inet_ntop(AF_INET6, &address, canonical, sizeof canonical);
    form->target->host = arena_copy(form->arena, canonical);
    return true;
}

static bool read_port(struct form *form, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits])
        return form_reject(form, "the port is no number");
    long port = digits > 5 ? 0 : strtol(text, NULL, 10);
    if (port < 1 || port > 65535)
        return form_reject(form, "a port is a number from 1 to 65535");
    form->target->port = (int)port;
    return true;
}

static bool read_bracketed(struct form *form, char *text)
{
    char *close = strchr(text, ']');
    if (!close)
        return form_reject(form, "the bracket is not closed");
    *close = '\0';
    if (!read_v6(form, text + 1))
        return false;
    if (close[1] == '\0')
        return true;
    return close[1] == ':' ? read_port(form, close + 2)
                           : form_reject(form, "only :PORT may follow the bracket");
}

/* "::1:993" is an address of its own, and hardly ever meant as one: what stands before the last
 * colon is an address too, and what stands after it a mail port. */
static bool may_end_in_port(const char *text)
{
    char before[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    size_t size = (size_t)(colon - text);
    if (size >= sizeof before || colon[1 + strspn(colon + 1, "0123456789")] || strlen(colon) > 5)
        return false;
    memcpy(before, text, size);
    before[size] = '\0';
    return form_is_numeric(before) && port_use_assume((int)strtol(colon + 1, NULL, 10));
}

static bool read_bare_v6(struct form *form, const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!may_end_in_port(text))
        return read_v6(form, text);
    return form_reject(form, arena_format(form->arena,
                                          "write [%.*s]:%s for a port, or [%s] for the address",
                                          (int)(colon - text), text, colon + 1, text));
}

bool form_read_authority(struct form *form, char *text)
{
    if (*text == '[')
        return read_bracketed(form, text);
    if (form_is_numeric(text) && strchr(text, ':'))
        return read_bare_v6(form, text);
    char *colon = strchr(text, ':');
    if (colon && strchr(colon + 1, ':'))
        return form_reject(
            form, "too many colons; an IPv6 address with a port is written [ADDRESS]:PORT");
    if (colon)
        *colon = '\0';
    form->target->host =
        form_is_numeric(text) ? arena_copy(form->arena, text) : read_name(form, text);
    if (!form->target->host)
        return false;
    return colon ? read_port(form, colon + 1) : true;
}

bool form_read_address(struct form *form, const char *text)
{
    const char *at = strrchr(text, '@');
    if (at == text)
        return form_reject(form, "nothing stands before the @");
    if (at[1] == '\0')
        return form_reject(form, "an address needs a domain after the @");
    if (at - text > LOCAL_LIMIT)
        return form_reject(form, "the part before the @ is longer than 255 bytes");
    if (strchr(at, ':'))
        return form_reject(form, "an address takes no port; give a URL such as "
                                 "imaps://USER@HOST:PORT, or --ports");
    const char *domain = read_name(form, at + 1);
    if (!domain)
        return false;
    form->target->domain = domain;
    form->target->address = arena_format(form->arena, "%.*s@%s", (int)(at - text), text, domain);
    return true;
}

static bool read_host(struct form *form, char *text)
{
    if (strpbrk(text, "/?#"))
        return form_reject(form, "a host is written without a path; a URL begins with "
                                 "smtp://, imaps:// or the like");
    if (!form_read_authority(form, text))
        return false;
    struct target *target = form->target;
    if (target->port == 0) {
        target->kind = TARGET_NAME;
        return true;
    }
    target->kind = TARGET_HOST_PORT;
    const struct port_use *use = port_use_assume(target->port);
    if (!use)
        return form_reject(form, "this is no usual mail port; say what speaks there with a URL "
                                 "such as smtp://HOST:PORT or imaps://HOST:PORT");
    target->service = (int)use->service;
    target->security = (int)use->security;
    return true;
}

/* What no target has, whatever its form: checked first, so that the rest sees clean text. */
static const char *find_unclean(const char *input)
{
    struct bytes bytes = text_bytes(input);
    if (bytes.size == 0)
        return "it is empty";
    if (bytes.size > INPUT_LIMIT)
        return "it is longer than 2048 bytes";
    if (!text_is_utf8(bytes))
        return "it is not UTF-8";
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char c = (unsigned char)input[i];
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)input[i + 1] < 0xa0))
            return "it holds a control character";
        if (c == ' ')
            return "it holds a blank";
    }
    return NULL;
}

static bool read_target(struct form *form, char *text)
{
    if (strstr(text, "://"))
        return form_read_url(form, text);
    if (*text == '[' || !strchr(text, '@'))
        return read_host(form, text);
    form->target->kind = TARGET_ADDRESS;
    return form_read_address(form, text);
}

/* How much of INPUT an error may repeat: not a password that somebody put into a URL, and enough of
 * a long one to recognise it. */
static size_t presentable(const char *input)
{
    size_t cut = strlen(input);
    const char *user = strstr(input, "://"), *at = strrchr(input, '@');
    if (user && at > user && memchr(user + 3, ':', (size_t)(at - user - 3)))
        cut = (size_t)(user + 3 - input);
    if (cut > QUOTE_LIMIT)
        for (cut = QUOTE_LIMIT; cut && ((unsigned char)input[cut] & 0xc0) == 0x80;)
            cut--;
    return cut;
}

/* The input may be hostile: it is escaped, and stays on one line. */
static char *describe(const char *input, const char *why)
{
    struct buffer shown;
    buffer_init(&shown, 4 * QUOTE_LIMIT + 8);
    size_t size = strlen(input), cut = presentable(input);
    text_escape(&shown, (struct bytes) { input, cut });
    struct bytes text = buffer_bytes(&shown);
    char *message = memory_format("target \"%.*s%s\": %s", (int)text.size,
                                  text.data ? text.data : "", cut < size ? "..." : "", why);
    buffer_done(&shown);
    return message;
}

bool target_parse(struct target *ret_target, struct arena *arena, const char *input,
                  char **ret_error)
{
    *ret_target = (struct target) { .input = input, .service = -1, .security = -1 };
    struct form form = { .target = ret_target, .arena = arena, .why = find_unclean(input) };
    bool good = !form.why;
    if (good) {
        ret_target->input = arena_copy(arena, input);
        good = read_target(&form, arena_copy(arena, input));
    }
    if (!good)
        *ret_error = describe(input, form.why);
    return good;
}
