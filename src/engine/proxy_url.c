/* --proxy's URL. What is wrong with it is said without repeating it: it may hold a password. */
#include "engine/proxy.h"

#include "base/idna.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/evidence.h"

#include <stdlib.h>
#include <string.h>

static bool reject(char **ret_error, const char *why)
{
    *ret_error = memory_format("--proxy: %s", why);
    return false;
}

static bool read_scheme(struct proxy_settings *settings, const char *scheme, char **ret_error)
{
    if (text_equal_fold(scheme, "socks5") || text_equal_fold(scheme, "socks5h"))
        settings->kind = PROXY_SOCKS5;
    else if (text_equal_fold(scheme, "http"))
        settings->kind = PROXY_HTTP;
    else
        return reject(ret_error, "the scheme is neither socks5 nor http");
    return true;
}

static bool read_user(struct proxy_settings *settings, char *user, char **ret_error)
{
    if (strchr(user, ':'))
        return reject(ret_error, "a password does not belong into the URL, where everybody can "
                                 "read it; use --proxy-password-file or MAILDOCTOR_PROXY_PASSWORD");
    if (*user == '\0')
        return reject(ret_error, "nothing stands before the @");
    const char *complaint = text_decode_user(user);
    if (complaint)
        return reject(ret_error, complaint);
    if (strlen(user) > PROXY_LOGIN_LIMIT)
        return reject(ret_error, "the user name is longer than 255 bytes");
    /* RFC 7617 section 2: the colon ends the user name. */
    if (settings->kind == PROXY_HTTP && strchr(user, ':'))
        return reject(ret_error, "an HTTP proxy's user name holds no colon");
    settings->user = user;
    return true;
}

static bool read_port(struct proxy_settings *settings, const char *text, char **ret_error)
{
    size_t digits = strspn(text, "0123456789");
    long port = digits && digits <= 5 && !text[digits] ? strtol(text, NULL, 10) : 0;
    if (port < 1 || port > 65535)
        return reject(ret_error, "the port must be a number from 1 to 65535, as in "
                                 "socks5://proxy.example.com:1080");
    settings->port = (int)port;
    return true;
}

static bool read_host(struct proxy_settings *settings, struct arena *arena, const char *host,
                      char **ret_error)
{
    struct net_address numeric;
    const char *why = NULL;
    settings->host = host;
    if (net_address_parse(&numeric, host, 0))
        return true;
    char *ascii = idna_to_ascii(host, &why);
    settings->host = arena_copy(arena, ascii);
    free(ascii);
    return settings->host || reject(ret_error, "the host is neither a name nor an address");
}

/* HOST:PORT; brackets hold an IPv6 address. */
static bool read_authority(struct proxy_settings *settings, struct arena *arena, char *text,
                           char **ret_error)
{
    bool bracket = *text == '[';
    char *end = bracket ? strchr(text, ']') : strrchr(text, ':');
    char *host = bracket ? text + 1 : text;
    if (!end || (bracket && end[1] != ':'))
        return reject(ret_error, "HOST:PORT is wanted, an IPv6 address in brackets");
    const char *port = bracket ? end + 2 : end + 1;
    *end = '\0';
    return read_port(settings, port, ret_error) && read_host(settings, arena, host, ret_error);
}

bool proxy_parse(struct proxy_settings *ret_settings, struct arena *arena, const char *url,
                 char **ret_error)
{
    struct proxy_settings settings = { 0 };
    char *text = arena_copy(arena, url);
    char *rest = strstr(text, "://");
    if (!rest)
        return reject(ret_error, "socks5://[USER@]HOST:PORT or http://[USER@]HOST:PORT is wanted");
    *rest = '\0';
    rest += 3;
    /* The last @: a user name may be an address. */
    char *at = strrchr(rest, '@');
    char *authority = at ? at + 1 : rest;
    size_t size = strcspn(authority, "/?#");
    if (strcmp(authority + size, "/") == 0)
        authority[size] = '\0';
    if (at)
        *at = '\0';
    if (!read_scheme(&settings, text, ret_error) ||
        (at && !read_user(&settings, rest, ret_error)) ||
        !read_authority(&settings, arena, authority, ret_error))
        return false;
    settings.shown =
        arena_format(arena, strchr(settings.host, ':') ? "%s://%s%s[%s]:%d" : "%s://%s%s%s:%d",
                     proxy_kind_name(settings.kind), settings.user ? settings.user : "",
                     settings.user ? "@" : "", settings.host, settings.port);
    *ret_settings = settings;
    return true;
}
