/* Asking a proxy, whatever it answers: the first byte chooses the protocol, whether there is a
 * login, and how many bytes come at a time. */
#include "probes/proxy.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct secret *password = secret_new((struct bytes) { "secret", 6 });
    struct proxy_wish wish = {
        .kind = data[0] & 1 ? PROXY_SOCKS5 : PROXY_HTTP,
        .host = "mail.example.org",
        .port = 587,
        .user = data[0] & 2 ? "joe" : NULL,
        .password = password,
    };
    size_t at = 1, chunk = (size_t)(data[0] >> 2) + 1;
    struct proxy_talk talk;
    proxy_talk_init(&talk, &wish);
    while (talk.state == PROXY_ASKING && at < size) {
        size_t left = size - at, piece = left < chunk ? left : chunk;
        assert(talk.want > 0);
        size_t taken = proxy_talk_bytes(&talk, (struct bytes) { (const char *)data + at, piece });
        assert(taken > 0 && taken <= piece);
        assert(taken == piece || talk.state == PROXY_OPEN);
        at += taken;
    }
    proxy_talk_lost(&talk, failure_make(FAILURE_CONNECTION_CLOSED, "closed"));
    assert(talk.state == PROXY_OPEN || talk.failure.kind != FAILURE_NONE);
    assert(!talk.out.overflow);
    proxy_talk_done(&talk);
    secret_free(password);
    return 0;
}
