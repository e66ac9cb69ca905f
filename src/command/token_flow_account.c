/* A service account: what its key signs is all that is asked for (RFC 7523 section 2.1, and
 * Google's "Using OAuth 2.0 for server to server applications"). */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/token_flow_parts.h"
#include "net/tls_sign.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASSERTION_LIMIT = 16 * 1024,
    ASSERTION_LIFE_S = 3600 /* the longest that Google takes */
};

/* ---- the key file ---- */

static bool complain(struct token_flow *flow, const char *why)
{
    *flow->ret_error = memory_format("the service account key %s", why);
    return false;
}

static const char *text_of(const struct token_flow *flow, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text && *text ? arena_copy(flow->arena, text) : NULL;
}

/* Moves the private key out of the parsed text, where it is overwritten. */
static struct secret *take_key(const json_t *object)
{
    const json_t *value = json_object_get(object, "private_key");
    size_t size = json_string_length(value);
    if (!size)
        return NULL;
    char *text = (char *)(uintptr_t)json_string_value(value);
    struct secret *key = secret_new((struct bytes) { text, size });
    explicit_bzero(text, size);
    return key;
}

/* A forged key file must not send what is signed to where its author likes. */
static bool choose_endpoint(struct token_flow *flow, const char *named)
{
    const char *older = arena_format(flow->arena, "%s/o/oauth2/token", flow->oauth->browser);
    if (flow->wish->authority || !named || strcmp(named, flow->token_url) == 0)
        return true;
    if (strcmp(named, older) == 0) { /* in key files of before 2018 */
        flow->token_url = older;
        return true;
    }
    char *quoted = options_quote(named);
    *flow->ret_error = memory_format("the service account key names %s as the place to ask, which "
                                     "is not Google's; --authority says so if it is meant",
                                     quoted);
    free(quoted);
    return false;
}

static bool take(struct token_flow *flow, const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    struct token_account *account = &flow->account;
    if (!type || strcmp(type, "service_account") != 0)
        return complain(flow, "is none: it must be Google's file in JSON, with the type "
                              "service_account");
    account->email = text_of(flow, object, "client_email");
    account->key_id = text_of(flow, object, "private_key_id");
    account->key = take_key(object);
    if (!account->email || !account->key)
        return complain(flow, "lacks client_email or private_key");
    return choose_endpoint(flow, text_of(flow, object, "token_uri"));
}

bool token_account_read(struct token_flow *flow)
{
    struct secret *file = NULL;
    if (!secret_source_read(&flow->wish->service_account_key, &file, flow->ret_error))
        return false;
    json_t *object = json_loadb(secret_bytes(file).data, secret_bytes(file).size, 0, NULL);
    bool good = take(flow, object);
    json_decref(object);
    secret_free(file);
    return good;
}

void token_account_done(struct token_account *account)
{
    secret_free(account->key);
    *account = (struct token_account) { 0 };
}

/* ---- the assertion ---- */

static void put_json(struct buffer *out, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    crypto_base64url_encode(out, text_bytes(text));
    free(text);
    json_decref(object);
}

/* RFC 7523 section 3. The subject is the one whose mail it is: the service account itself has
 * none. */
static bool put_assertion(const struct token_flow *flow, const struct tls_signer *signer,
                          struct buffer *out)
{
    const struct token_account *account = &flow->account;
    int64_t now = clock_real_ns() / 1000000000;
    struct buffer signature;
    put_json(out,
             json_pack("{s:s, s:s, s:s*}", "alg", "RS256", "typ", "JWT", "kid", account->key_id));
    buffer_append_text(out, ".");
    put_json(out, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "iss", account->email, "sub",
                            flow->context.user, "scope", flow->scope, "aud", flow->token_url, "iat",
                            (json_int_t)now, "exp", (json_int_t)(now + ASSERTION_LIFE_S)));
    buffer_init(&signature, ASSERTION_LIMIT);
    bool good = tls_sign(signer, TLS_RS256, buffer_bytes(out), &signature);
    buffer_append_text(out, ".");
    crypto_base64url_encode(out, buffer_bytes(&signature));
    buffer_done(&signature);
    return good && !out->overflow;
}

bool token_account_ask(struct token_flow *flow)
{
    struct tls_signer signer = { 0 };
    struct buffer assertion;
    const char *why = NULL;
    if (!tls_signer_init(&signer, secret_bytes(flow->account.key), (struct bytes) { 0 }, &why))
        return complain(flow, arena_format(flow->arena, "does not serve: %s", why));
    buffer_init(&assertion, ASSERTION_LIMIT);
    bool good = put_assertion(flow, &signer, &assertion);
    if (good) {
        token_form_begin(flow, "urn:ietf:params:oauth:grant-type:jwt-bearer");
        token_form_add(flow, "assertion", buffer_bytes(&assertion));
    }
    buffer_done(&assertion);
    tls_signer_done(&signer);
    return good ? token_ask_for_token(flow)
                : complain(flow, "does not serve: GnuTLS does not sign with it");
}
