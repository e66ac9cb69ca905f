#include "engine/dial.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Where --connect-to sends ENDPOINT; NULL: nowhere else. */
static const struct connect_to *detour(const struct run_options *o, const struct endpoint *endpoint)
{
    for (size_t i = 0; i < o->connect_to_count; i++) {
        const struct connect_to *to = &o->connect_to[i];
        bool host = !to->host[0] || text_equal_fold(to->host, endpoint->host);
        if (host && (!to->port || to->port == endpoint->port))
            return to;
    }
    return NULL;
}

struct dial dial_to(const struct run_options *options, const struct endpoint *endpoint)
{
    const struct connect_to *to = detour(options, endpoint);
    struct dial dial = {
        .to_host = to && to->address && to->address[0] ? to->address : endpoint->host,
        .to_port = to && to->to_port ? to->to_port : endpoint->port,
    };
    dial.via = options->proxy.kind == PROXY_NONE ? NULL : &options->proxy;
    dial.host = dial.via ? dial.via->host : dial.to_host;
    dial.port = dial.via ? dial.via->port : dial.to_port;
    return dial;
}

void dial_note(const struct dial *dial, struct trace *trace, struct attempt *attempt)
{
    if (!dial->via)
        return;
    attempt->proxy = arena_new(&trace->arena, sizeof *attempt->proxy);
    attempt->proxy->asked =
        arena_format(&trace->arena, strchr(dial->to_host, ':') ? "[%s]:%d" : "%s:%d", dial->to_host,
                     dial->to_port);
}

int dial_capped(const struct run_options *options, int ms)
{
    int cap = options->timeout_ms;
    return cap && cap < ms ? cap : ms;
}

const char *dial_ehlo(const struct walk_shared *shared, const char *local,
                      char space[static DIAL_EHLO_SIZE])
{
    if (shared->ehlo)
        return shared->ehlo;
    local = local ? local : "127.0.0.1:0";
    if (local[0] == '[')
        snprintf(space, DIAL_EHLO_SIZE, "[IPv6:%.*s]", (int)strcspn(local + 1, "]%"), local + 1);
    else
        snprintf(space, DIAL_EHLO_SIZE, "[%.*s]", (int)strcspn(local, ":"), local);
    return space;
}

struct session_options dial_session(const struct walk_shared *shared, struct endpoint *endpoint,
                                    struct attempt *attempt, const char *ehlo)
{
    const struct run_options *o = shared->options;
    return (struct session_options) {
        .loop = shared->loop,
        .trace = shared->trace,
        .started_ns = shared->started_ns,
        .endpoint = endpoint,
        .attempt = attempt,
        .wish = {
            .starttls = endpoint->security == SECURITY_STARTTLS,
            .implicit = endpoint->security == SECURITY_IMPLICIT,
            .ehlo = ehlo,
            .host = endpoint->host,
            .port = endpoint->port,
            .transfer = endpoint->transfer,
            .login = { .user = shared->user, .mailbox = o->mailbox, .password = o->password, .token = o->token, .mechanism = o->mechanism },
            .mailbox = endpoint->service != SERVICE_SMTP,
        },
        .trust = shared->trust,
        .gate = shared->gate,
        .judge_login = o->judge_login,
        .judge_token = o->judge_token,
        .provider_family = shared->provider_family,
        .timeout_ms = o->timeout_ms,
    };
}
