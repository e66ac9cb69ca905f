#include "probes/socks.h"

#include <string.h>

/* RFC 1928 sections 3, 4 and 6; RFC 1929 section 2. */
enum {
    VERSION = 5,
    LOGIN_VERSION = 1,
    METHOD_NONE = 0x00,
    METHOD_PASSWORD = 0x02,
    METHOD_NOTHING_FITS = 0xff,
    COMMAND_CONNECT = 1,
    TYPE_IPV4 = 1,
    TYPE_NAME = 3,
    TYPE_IPV6 = 4,
    REPLY_HEAD = 5, /* with the first byte of the address, which may be its length */
};

enum phase { PHASE_METHOD, PHASE_LOGIN, PHASE_REPLY };

const char *socks_reply_name(int code)
{
    static const char *const names[] = {
        "succeeded",
        "general SOCKS server failure",
        "connection not allowed by ruleset",
        "Network unreachable",
        "Host unreachable",
        "Connection refused",
        "TTL expired",
        "Command not supported",
        "Address type not supported",
    };
    return code >= 0 && code < (int)(sizeof names / sizeof *names) ? names[code]
                                                                   : "an unassigned code";
}

static void put(struct proxy_talk *talk, int byte)
{
    char c = (char)byte;
    buffer_append(&talk->out, &c, 1);
}

static int at(const struct proxy_talk *talk, size_t i)
{
    return (unsigned char)buffer_bytes(&talk->in).data[i];
}

static void expect(struct proxy_talk *talk, enum phase phase, size_t size)
{
    talk->phase = (int)phase;
    talk->want = size;
    buffer_clear(&talk->in);
}

void socks_begin(struct proxy_talk *talk)
{
    /* A method is offered only where it could be used. */
    put(talk, VERSION);
    put(talk, talk->wish.user ? 2 : 1);
    put(talk, METHOD_NONE);
    if (talk->wish.user)
        put(talk, METHOD_PASSWORD);
    expect(talk, PHASE_METHOD, 2);
}

static void ask_for_server(struct proxy_talk *talk)
{
    const struct proxy_wish *wish = &talk->wish;
    put(talk, VERSION);
    put(talk, COMMAND_CONNECT);
    put(talk, 0);
    if (wish->address_size) {
        put(talk, wish->address_size == 4 ? TYPE_IPV4 : TYPE_IPV6);
        buffer_append(&talk->out, wish->address, wish->address_size);
    } else {
        /* The proxy resolves the name: what it sees is what counts for a connection from there. */
        put(talk, TYPE_NAME);
        put(talk, (int)strlen(wish->host));
        buffer_append_text(&talk->out, wish->host);
    }
    put(talk, wish->port >> 8);
    put(talk, wish->port & 0xff);
    expect(talk, PHASE_REPLY, REPLY_HEAD);
}

static void log_in(struct proxy_talk *talk)
{
    struct bytes password = secret_bytes(talk->wish.password);
    put(talk, LOGIN_VERSION);
    put(talk, (int)strlen(talk->wish.user));
    buffer_append_text(&talk->out, talk->wish.user);
    put(talk, (int)password.size);
    buffer_append(&talk->out, password.data, password.size);
    expect(talk, PHASE_LOGIN, 2);
}

/* What answers with another first byte is no SOCKS5 server; an HTTP proxy says "HTTP". */
static bool is_socks(struct proxy_talk *talk, int version)
{
    if (at(talk, 0) == version)
        return true;
    struct bytes in = buffer_bytes(&talk->in);
    buffer_append(&talk->words, in.data, in.size);
    proxy_talk_fail(talk, FAILURE_PROXY_BROKEN, "what answers does not speak SOCKS version 5");
    return false;
}

static void method_came(struct proxy_talk *talk)
{
    if (!is_socks(talk, VERSION))
        return;
    int method = at(talk, 1);
    if (method == METHOD_NONE) {
        ask_for_server(talk);
    } else if (method == METHOD_PASSWORD && talk->wish.user) {
        log_in(talk);
    } else if (method == METHOD_NOTHING_FITS) {
        buffer_append_text(&talk->words, "SOCKS5 method FF: no acceptable methods");
        proxy_talk_fail(talk, FAILURE_PROXY_LOGIN,
                        talk->wish.user ? "the proxy takes no login by user name and password"
                                        : "the proxy wants a login");
    } else {
        buffer_format(&talk->words, "SOCKS5 method %02X", method);
        proxy_talk_fail(talk, FAILURE_PROXY_BROKEN,
                        "the proxy chose a method that was not offered");
    }
}

static void login_came(struct proxy_talk *talk)
{
    /* Some servers answer with version 5 here; only the status counts. */
    int status = at(talk, 1);
    if (status == 0) {
        ask_for_server(talk);
        return;
    }
    buffer_format(&talk->words, "SOCKS5 login status %d", status);
    proxy_talk_fail(talk, FAILURE_PROXY_LOGIN, "the proxy refused the user name or password");
}

static void refused(struct proxy_talk *talk, int code)
{
    /* RFC 1928 section 6: 3 to 6 are of the way behind the proxy, 2 and the others its own word; 1
     * stands for anything, a name that it could not resolve among it. */
    enum failure_kind kind = code == 1                ? FAILURE_PROXY_FAILED
                             : code >= 3 && code <= 6 ? FAILURE_PROXY_TARGET
                                                      : FAILURE_PROXY_REFUSED;
    buffer_format(&talk->words, "SOCKS5 reply %d: %s", code, socks_reply_name(code));
    proxy_talk_fail(talk, kind, "%s", socks_reply_name(code));
}

/* How long the whole reply is, going by its first five bytes; 0 for an unknown address type. */
static size_t reply_size(const struct proxy_talk *talk)
{
    switch (at(talk, 3)) {
    case TYPE_IPV4:
        return 4 + 4 + 2;
    case TYPE_IPV6:
        return 4 + 16 + 2;
    case TYPE_NAME:
        return 4 + 1 + (size_t)at(talk, 4) + 2;
    default:
        return 0;
    }
}

static void reply_came(struct proxy_talk *talk)
{
    size_t have = buffer_size(&talk->in);
    if (!is_socks(talk, VERSION))
        return;
    /* A refusal is known from its code, whatever stands behind it. */
    if (at(talk, 1) != 0) {
        refused(talk, at(talk, 1));
        return;
    }
    size_t size = reply_size(talk);
    if (size == 0) {
        proxy_talk_fail(talk, FAILURE_PROXY_BROKEN, "the proxy's reply holds no address");
    } else if (have < size) {
        talk->want = size - have;
    } else {
        talk->state = PROXY_OPEN;
        talk->want = 0;
        buffer_append_text(&talk->words, "SOCKS5 reply 0: succeeded");
    }
}

size_t socks_bytes(struct proxy_talk *talk, struct bytes bytes)
{
    size_t taken = 0;
    while (talk->state == PROXY_ASKING && taken < bytes.size) {
        size_t left = bytes.size - taken;
        size_t size = left < talk->want ? left : talk->want;
        buffer_append(&talk->in, bytes.data + taken, size);
        taken += size;
        talk->want -= size;
        /* A refusal may be cut short behind its code: two bytes of a reply are enough for it. */
        bool early = talk->phase == PHASE_REPLY && buffer_size(&talk->in) >= 2 && at(talk, 1) != 0;
        if (talk->want && !early)
            continue;
        if (talk->phase == PHASE_METHOD)
            method_came(talk);
        else if (talk->phase == PHASE_LOGIN)
            login_came(talk);
        else
            reply_came(talk);
    }
    return talk->state == PROXY_OPEN ? taken : bytes.size;
}
