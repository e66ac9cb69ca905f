/* How an app proves who it is: a secret, its certificate, or the word of somebody else. */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/input.h"
#include "command/token_flow_parts.h"
#include "command/token_store.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEM_LIMIT = 256 * 1024,
    ASSERTION_LIMIT = 16 * 1024,
    ASSERTION_LIFE_S = 600 /* Entra takes no longer ones than it needs; ten minutes are usual */
};

static const char assertion_type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/* ---- files ---- */

static bool read_pem(struct token_flow *flow, const char *path, struct buffer *in)
{
    int error = input_read_file(path, in);
    if (error) {
        char *quoted = options_quote(path);
        *flow->ret_error =
            memory_format("cannot read %s: %s", quoted,
                          error == EFBIG ? "it is larger than 256 KiB" : strerror(error));
        free(quoted);
    }
    return error == 0;
}

/* ---- the assertion that the app signs ---- */

static void put_json(struct buffer *out, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    crypto_base64url_encode(out, text_bytes(text));
    free(text);
    json_decref(object);
}

static json_t *thumbprint(const struct tls_signer *signer)
{
    struct buffer text;
    buffer_init(&text, 64);
    crypto_base64url_encode(
        &text, (struct bytes) { (const char *)signer->thumbprint, TLS_THUMBPRINT_SIZE });
    json_t *value = json_stringn(buffer_bytes(&text).data, buffer_size(&text));
    buffer_done(&text);
    return value;
}

/* RFC 7523 section 3; the header as Entra's "certificate credentials" page has it: PS256, and the
 * certificate named by its SHA-256 thumbprint. */
static bool put_assertion(const struct token_flow *flow, const struct tls_signer *signer,
                          struct buffer *out)
{
    int64_t now = clock_real_ns() / 1000000000;
    unsigned char random[16];
    char id[33];
    crypto_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(id + 2 * i, 3, "%02x", random[i]);
    put_json(out, json_pack("{s:s, s:s, s:o}", "alg", "PS256", "typ", "JWT", "x5t#S256",
                            thumbprint(signer)));
    buffer_append_text(out, ".");
    put_json(out, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "aud", flow->token_url, "iss",
                            flow->wish->client_id, "sub", flow->wish->client_id, "jti", id, "iat",
                            (json_int_t)now, "nbf", (json_int_t)now, "exp",
                            (json_int_t)(now + ASSERTION_LIFE_S)));
    struct buffer signature;
    buffer_init(&signature, ASSERTION_LIMIT);
    bool good = tls_sign(signer, TLS_PS256, buffer_bytes(out), &signature);
    buffer_append_text(out, ".");
    crypto_base64url_encode(out, buffer_bytes(&signature));
    buffer_done(&signature);
    return good && !out->overflow;
}

static bool complain_of(struct token_flow *flow, const char *why)
{
    char *quoted = options_quote(flow->wish->certificate_file);
    *flow->ret_error = memory_format("%s: %s", quoted, why);
    free(quoted);
    return false;
}

static bool sign_in(struct token_flow *flow, const struct tls_signer *signer)
{
    int64_t now = clock_real_ns() / 1000000000;
    struct buffer assertion;
    if (signer->not_after < now)
        return complain_of(flow, "the certificate has expired");
    buffer_init(&assertion, ASSERTION_LIMIT);
    bool good = put_assertion(flow, signer, &assertion);
    if (good) {
        token_form_text(flow, "client_assertion_type", assertion_type);
        token_form_add(flow, "client_assertion", buffer_bytes(&assertion));
    }
    buffer_done(&assertion);
    return good || complain_of(flow, "GnuTLS does not sign with this key");
}

bool token_read_certificate(struct token_flow *flow)
{
    const struct token_wish *wish = flow->wish;
    struct buffer certificate, key;
    const char *why = NULL;
    if (!wish->certificate_file)
        return true;
    buffer_init(&certificate, PEM_LIMIT);
    buffer_init(&key, PEM_LIMIT);
    bool good = read_pem(flow, wish->certificate_file, &certificate) &&
                (!wish->key_file || read_pem(flow, wish->key_file, &key));
    const struct buffer *with_key = wish->key_file ? &key : &certificate;
    if (good &&
        !tls_signer_init(&flow->signer, buffer_bytes(with_key), buffer_bytes(&certificate), &why))
        good = complain_of(flow, why);
    flow->outcome->certified = good ? flow->signer.not_after : 0;
    buffer_done(&certificate);
    buffer_done(&key);
    return good;
}

bool token_read_secret(struct token_flow *flow)
{
    return flow->wish->certificate_file || flow->secret ||
           secret_source_read(&flow->wish->client_secret, &flow->secret, flow->ret_error);
}

bool token_prove(struct token_flow *flow)
{
    if (flow->wish->certificate_file)
        return sign_in(flow, &flow->signer);
    if (!token_read_secret(flow))
        return false;
    if (flow->secret)
        token_form_add(flow, "client_secret", secret_bytes(flow->secret));
    return true;
}

bool token_read_refresh(struct token_flow *flow)
{
    const struct token_owner owner = { flow->authority, flow->wish->client_id };
    if (flow->refresh ||
        !secret_source_read(&flow->wish->refresh_token, &flow->refresh, flow->ret_error))
        return flow->refresh;
    if (flow->refresh ||
        !token_store_read(flow->wish->store, &owner, &flow->refresh, flow->ret_error))
        return flow->refresh;
    if (!flow->refresh)
        *flow->ret_error =
            memory_copy("the token store is not there yet: sign in once with --oauth device or "
                        "code and the same --token-store");
    return flow->refresh;
}

static void put_secret(struct buffer *out, const struct secret *secret)
{
    struct bytes bytes = secret ? secret_bytes(secret) : (struct bytes) { "", 0 };
    buffer_format(out, "%zu:", bytes.size);
    buffer_append(out, bytes.data, bytes.size);
}

bool token_flow_proof(struct token_flow *flow, uint8_t ret_digest[static CRYPTO_SHA256_SIZE])
{
    struct buffer all;
    bool has_secret = flow->grant != GRANT_FEDERATION && flow->grant != GRANT_SERVICE_ACCOUNT;
    if ((has_secret && !token_read_secret(flow)) ||
        (flow->grant == GRANT_REFRESH && !token_read_refresh(flow)))
        return false;
    buffer_init(&all, 4 * SECRET_LIMIT);
    put_secret(&all, flow->secret);
    put_secret(&all, flow->refresh);
    put_secret(&all, flow->account.key);
    buffer_append(&all, flow->signer.thumbprint, sizeof flow->signer.thumbprint);
    crypto_sha256(buffer_bytes(&all), ret_digest);
    buffer_done(&all);
    return true;
}

/* ---- the word of somebody else ---- */

/* What a continuous-integration service offers to its jobs. */
struct issuer {
    const char *name;
    const char *url, *token; /* environment variables */
    const char *form;        /* appended to the address, with '&' if it has a query; %s: what for */
    bool post;
};

static const struct issuer issuers[] = {
    /* docs.github.com: "OpenID Connect reference"; Forgejo does the same */
    { "GitHub Actions", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
      "?audience=%s", false },
    /* learn.microsoft.com: "Oidctoken - Create", and the notes of sprint 240 for the variables.
     * With a service connection the assertion is that one's, else the pipeline's own. */
    { "Azure Pipelines", "SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN", "?api-version=7.1%s",
      true },
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *issuer_url(struct token_flow *flow, const struct issuer *issuer)
{
    const char *connection = variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID");
    const char *more = !issuer->post ? flow->oauth->federation
                       : connection
                           ? arena_format(flow->arena, "&serviceConnectionId=%s", connection)
                           : "";
    const char *url = variable(issuer->url), *form = issuer->form + 1, *tail = strstr(form, "%s");
    return arena_format(flow->arena, "%s%c%.*s%s", url, strchr(url, '?') ? '&' : '?',
                        (int)(tail - form), form, more);
}

/* Keeps ASSERTION. */
static bool ask_with(struct token_flow *flow, struct secret *assertion)
{
    secret_free(flow->assertion);
    flow->assertion = assertion;
    token_form_begin(flow, "client_credentials");
    token_form_text(flow, "scope", flow->scope);
    token_form_text(flow, "client_assertion_type", assertion_type);
    token_form_add(flow, "client_assertion", secret_bytes(assertion));
    return token_ask_for_token(flow);
}

static bool on_vouched(struct token_flow *flow)
{
    struct secret *assertion = flow->answer.assertion;
    if (!assertion) {
        bool silent = flow->trouble != NULL;
        token_refused(flow);
        flow->outcome->fault = silent ? TOKEN_UNREACHABLE : TOKEN_UNVOUCHED;
        flow->outcome->host = silent ? token_host_of(flow, flow->voucher_url) : flow->voucher;
        return false;
    }
    flow->answer.assertion = NULL;
    return ask_with(flow, assertion);
}

static bool ask_issuer(struct token_flow *flow, const struct issuer *issuer)
{
    const struct token_question question = { issuer_url(flow, issuer), issuer->post,
                                             variable(issuer->token), on_vouched };
    flow->voucher = issuer->name;
    flow->voucher_url = question.url;
    secret_free(flow->voucher_token);
    flow->voucher_token = secret_new(text_bytes(question.bearer));
    return token_ask(flow, &question);
}

bool token_vouch(struct token_flow *flow)
{
    struct secret_source source = flow->wish->assertion;
    struct secret *assertion = NULL;
    if (!secret_source_given(&source)) {
        source.file = variable("AZURE_FEDERATED_TOKEN_FILE"); /* a workload identity's */
        for (size_t i = 0; !source.file && i < sizeof issuers / sizeof *issuers; i++)
            if (variable(issuers[i].url) && variable(issuers[i].token))
                return ask_issuer(flow, &issuers[i]);
    }
    if (!secret_source_read(&source, &assertion, flow->ret_error))
        return false;
    if (!assertion)
        *flow->ret_error = memory_copy(
            "nothing here vouches for this job: give --assertion-file, --assertion-command or "
            "MAILDOCTOR_ASSERTION (GitLab: id_tokens), or let the job ask for an identity (GitHub "
            "Actions: permissions id-token: write; Azure Pipelines: SYSTEM_ACCESSTOKEN)");
    return assertion && ask_with(flow, assertion);
}
