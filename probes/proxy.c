#include "probes/proxy.h"

#include "probes/http_connect.h"
#include "probes/socks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    OUT_LIMIT = 2048,
    IN_LIMIT = 16384, /* more than any proxy's headers; what is longer is no answer */
    WORDS_LIMIT = 1024,
};

void proxy_talk_init(struct proxy_talk *talk, const struct proxy_wish *wish)
{
    *talk = (struct proxy_talk) { .wish = *wish };
    buffer_init(&talk->out, OUT_LIMIT);
    buffer_init(&talk->in, IN_LIMIT);
    buffer_init(&talk->words, WORDS_LIMIT);
    if (wish->kind == PROXY_SOCKS5)
        socks_begin(talk);
    else
        http_connect_begin(talk);
}

void proxy_talk_done(struct proxy_talk *talk)
{
    buffer_done(&talk->out);
    buffer_done(&talk->in);
    buffer_done(&talk->words);
}

size_t proxy_talk_bytes(struct proxy_talk *talk, struct bytes bytes)
{
    talk->heard = talk->heard || bytes.size;
    size_t taken = talk->wish.kind == PROXY_SOCKS5 ? socks_bytes(talk, bytes)
                                                   : http_connect_bytes(talk, bytes);
    /* A proxy may echo what it refuses. */
    if (talk->state != PROXY_ASKING && buffer_size(&talk->words))
        secret_scrub(talk->wish.password, talk->words.space + talk->words.start,
                     buffer_size(&talk->words));
    return taken;
}

void proxy_talk_fail(struct proxy_talk *talk, enum failure_kind kind, const char *format, ...)
{
    va_list args;
    talk->state = PROXY_FAILED;
    talk->failure = (struct failure) { .kind = kind };
    va_start(args, format);
    vsnprintf(talk->failure.text, sizeof talk->failure.text, format, args);
    va_end(args);
    buffer_clear(&talk->out);
}

void proxy_talk_lost(struct proxy_talk *talk, struct failure how)
{
    if (talk->state != PROXY_ASKING)
        return;
    if (talk->strange)
        proxy_talk_fail(talk, FAILURE_PROXY_BROKEN, "what answers does not speak HTTP");
    else if (how.kind == FAILURE_TIMED_OUT)
        proxy_talk_fail(talk, FAILURE_PROXY_SILENT,
                        talk->heard ? "the proxy does not say whether it reached the server (%s)"
                                    : "the proxy says nothing (%s)",
                        how.text);
    else
        proxy_talk_fail(talk, FAILURE_PROXY_BROKEN, "the proxy ended the connection (%s)",
                        how.kind == FAILURE_CONNECTION_RESET ? "reset" : "closed");
}

static const char *const names[] = {
    [PROXY_NONE] = "",
    [PROXY_SOCKS5] = "socks5",
    [PROXY_HTTP] = "http",
};

const char *proxy_kind_name(enum proxy_kind kind)
{
    return names[kind];
}

enum proxy_kind proxy_kind_parse(const char *name)
{
    for (int kind = PROXY_SOCKS5; kind <= PROXY_HTTP; kind++)
        if (strcmp(name, names[kind]) == 0)
            return (enum proxy_kind)kind;
    return PROXY_NONE;
}
