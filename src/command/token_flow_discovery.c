/* An authority that is neither Microsoft's nor Google's says itself where its pages are: OpenID
 * Connect Discovery 1.0, and RFC 8414. */
#include "base/text.h"
#include "command/token_flow_parts.h"

#include <string.h>
#include <strings.h>

static const char scheme[] = "https://";

static bool fail(struct token_flow *flow, const char *why)
{
    flow->outcome->refusal = why;
    flow->outcome->fault = flow->trouble ? TOKEN_UNREACHABLE : TOKEN_UNFIT;
    return false;
}

/* The host of URL with its port, without its slash. */
static struct bytes place_of(const char *url)
{
    const char *host = url + sizeof scheme - 1;
    return (struct bytes) { host, strcspn(host, "/?#") };
}

static bool same_place(struct bytes place, struct bytes other)
{
    return place.size == other.size && strncasecmp(place.data, other.data, place.size) == 0;
}

/* Secrets go there: over TLS, to whom was named. No user, no blank, nothing that a terminal obeys.
 */
static bool is_trusted(const struct token_flow *flow, const char *url)
{
    const char *named = flow->wish->issuer_host;
    if (!text_starts_fold(text_bytes(url), scheme))
        return false;
    for (const char *p = url; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("@\\\"<>#", *p))
            return false;
    struct bytes place = place_of(url);
    return same_place(place, place_of(flow->authority)) ||
           (named && same_place(place, text_bytes(named)));
}

static bool same_issuer(const char *issuer, const char *asked)
{
    size_t size = strlen(issuer), wanted = strlen(asked);
    while (size && issuer[size - 1] == '/')
        size--;
    return size == wanted && memcmp(issuer, asked, size) == 0;
}

/* NULL in RET_URL where the authority has no such page. */
static bool take_page(struct token_flow *flow, const char *name, const char *url,
                      const char **ret_url)
{
    *ret_url = url;
    return !url || is_trusted(flow, url) ||
           fail(flow, arena_format(flow->arena,
                                   "it describes its %s as %s, on a host that was not named: "
                                   "--issuer-host, if it is meant",
                                   name, url));
}

static bool take(struct token_flow *flow)
{
    const struct token_answer *answer = &flow->answer;
    /* OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3: "MUST be identical". */
    if (!same_issuer(answer->issuer, flow->authority))
        return fail(flow, arena_format(flow->arena, "it describes itself as another issuer, %s",
                                       answer->issuer));
    if (!answer->token_page)
        return fail(flow, "its description names no token_endpoint");
    return take_page(flow, "token_endpoint", answer->token_page, &flow->token_url) &&
           take_page(flow, "authorization_endpoint", answer->sign_in_page, &flow->sign_in_url) &&
           take_page(flow, "device_authorization_endpoint", answer->device_page, &flow->device_url);
}

static bool is_described(const struct token_flow *flow)
{
    return !flow->trouble && flow->status == 200 && flow->answer.issuer;
}

static bool on_second(struct token_flow *flow)
{
    if (is_described(flow))
        return take(flow) && flow->described(flow);
    return fail(flow, flow->trouble
                          ? flow->trouble
                          : "it describes itself neither at /.well-known/openid-configuration nor "
                            "at /.well-known/oauth-authorization-server");
}

static bool on_first(struct token_flow *flow)
{
    struct bytes place = place_of(flow->authority);
    const char *path = place.data + place.size;
    /* RFC 8414 section 3.1: between host and path. */
    const struct token_question question = {
        .url = arena_format(flow->arena, "https://%.*s/.well-known/oauth-authorization-server%s",
                            (int)place.size, place.data, path),
        .next = on_second,
    };
    return is_described(flow) || flow->trouble ? on_second(flow) : token_ask(flow, &question);
}

bool token_discover(struct token_flow *flow, token_step *described)
{
    const struct token_question question = {
        .url = arena_format(flow->arena, "%s/.well-known/openid-configuration", flow->authority),
        .next = on_first,
    };
    flow->described = described;
    return token_ask(flow, &question);
}
