#include "simulate/authority_answer.h"

#include "base/crypto.h"
#include "base/text.h"
#include "result/json_text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIELD_LIMIT = 32 * 1024,
    LIFE_S = 3600,
    CODE_LIFE_S = 900,
    INTERVAL_S = 1 /* real ones say 5; tests wait for it */
};

/* One request that is being answered. */
struct asking {
    struct sim_grants *grants;
    const struct sim_accounts *accounts;
    const struct sim_request *request;
    int64_t now;
    struct buffer *out;
    struct buffer fields[6];
    const char *client_id, *grant_type;
};

static bool is(struct bytes bytes, const char *text)
{
    return bytes.size == strlen(text) && (!bytes.size || memcmp(bytes.data, text, bytes.size) == 0);
}

static bool ends(struct bytes bytes, const char *text)
{
    size_t size = strlen(text);
    return bytes.size >= size && memcmp(bytes.data + bytes.size - size, text, size) == 0;
}

/* ---- forms ---- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, text_lower(c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void decode(struct bytes text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i] == '+' ? ' ' : text.data[i];
        int high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
        int low = i + 2 < text.size ? hex_digit(text.data[i + 2]) : -1;
        if (c == '%' && high >= 0 && low >= 0) {
            c = (char)(high * 16 + low);
            i += 2;
        }
        buffer_append(out, &c, 1);
    }
    buffer_append(out, "", 1);
}

const char *sim_form_field(struct bytes form, const char *name, struct buffer *out)
{
    size_t size = strlen(name);
    while (form.size) {
        const char *end = memchr(form.data, '&', form.size);
        struct bytes pair = { form.data, end ? (size_t)(end - form.data) : form.size };
        size_t taken = end ? pair.size + 1 : pair.size;
        form.data += taken;
        form.size -= taken;
        if (pair.size <= size || pair.data[size] != '=' || memcmp(pair.data, name, size) != 0)
            continue;
        buffer_clear(out);
        decode((struct bytes) { pair.data + size + 1, pair.size - size - 1 }, out);
        return out->overflow ? NULL : buffer_bytes(out).data;
    }
    return NULL;
}

static const char *field(struct asking *asking, int slot, const char *name)
{
    return sim_form_field(asking->request->body, name, &asking->fields[slot]);
}

/* ---- answers ---- */

static int say(struct asking *asking, int status, json_t *object)
{
    json_text_append(asking->out, object, JSON_COMPACT);
    json_decref(object);
    return status;
}

static int refuse(struct asking *asking, const char *error, const char *text)
{
    return say(asking, 400,
               json_pack("{s:s, s:s, s:s}", "error", error, "error_description", text, "trace_id",
                         "0a1b2c3d-0000-4000-8000-00000000aaaa"));
}

static int refuse_number(struct asking *asking, int number)
{
    const struct sim_refusal *refusal = sim_refusal_find(number);
    char text[512];
    snprintf(text, sizeof text,
             "AADSTS%d: %s Trace ID: 0a1b2c3d-0000-4000-8000-00000000aaaa Correlation ID: "
             "0a1b2c3d-0000-4000-8000-00000000bbbb Timestamp: 2026-11-22 10:14:05Z",
             number, refusal ? refusal->text : "Simulated error.");
    return say(asking, 400,
               json_pack("{s:s, s:s, s:[i]}", "error", refusal ? refusal->error : "invalid_request",
                         "error_description", text, "error_codes", number));
}

/* An app that wants to be refused. True: it was, with *ret_status. */
static bool refuse_wish(struct asking *asking, int *ret_status)
{
    static const char prefix[] = "error-";
    const char *id = asking->client_id;
    if (!id || strncmp(id, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *what = id + sizeof prefix - 1;
    /* Those belong to the waiting for a person. */
    if (strcmp(what, "slow_down") == 0)
        return false;
    *ret_status = *what >= '0' && *what <= '9'
                      ? refuse_number(asking, atoi(what))
                      : refuse(asking, what, "The simulated authority was asked to refuse.");
    return true;
}

/* ---- tokens ---- */

static void new_name(char name[static SIM_GRANT_SIZE], const char *prefix)
{
    unsigned char random[12];
    crypto_random(random, sizeof random);
    int n = snprintf(name, SIM_GRANT_SIZE, "%s", prefix);
    for (size_t i = 0; i < sizeof random; i++)
        n += snprintf(name + n, SIM_GRANT_SIZE - (size_t)n, "%02x", random[i]);
}

static const char *new_refresh(struct sim_grants *grants)
{
    char *name = grants->refreshes[grants->refresh_count++ % SIM_GRANTS_KEPT];
    new_name(name, "refresh-");
    return name;
}

static int give(struct asking *asking, const char *token, bool refreshable)
{
    const char *scope = field(asking, 5, "scope");
    json_t *object = json_pack("{s:s, s:i, s:s}", "token_type", "Bearer", "expires_in", LIFE_S,
                               "access_token", token);
    if (scope)
        json_object_set_new(object, "scope", json_string(scope));
    if (refreshable)
        json_object_set_new(object, "refresh_token", json_string(new_refresh(asking->grants)));
    return say(asking, 200, object);
}

/* ---- the grants ---- */

static int authorize_device(struct asking *asking)
{
    struct sim_grants *grants = asking->grants;
    unsigned index = grants->device_count++ % SIM_GRANTS_KEPT;
    new_name(grants->devices[index], "device-");
    grants->polls[index] = 0;
    const char *scope = field(asking, 5, "scope");
    grants->offline[index] = scope && strstr(scope, "offline_access");
    return say(asking, 200,
               json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}", "user_code", "SIM-4711-CODE",
                         "device_code", grants->devices[index], "verification_uri",
                         "https://microsoft.com/devicelogin", "expires_in", CODE_LIFE_S, "interval",
                         INTERVAL_S, "message", "Sign in with the code SIM-4711-CODE."));
}

/* The person needs until the second question. */
static int give_for_device(struct asking *asking)
{
    const char *code = field(asking, 1, "device_code");
    for (int i = 0; code && i < SIM_GRANTS_KEPT; i++) {
        if (!*asking->grants->devices[i] || strcmp(asking->grants->devices[i], code) != 0)
            continue;
        if (asking->grants->polls[i]++ > 0) {
            *asking->grants->devices[i] = '\0';
            return give(asking, asking->accounts->token, asking->grants->offline[i]);
        }
        return strcmp(asking->client_id, "error-slow_down") == 0
                   ? refuse(asking, "slow_down", "Not so fast.")
                   : refuse_number(asking, 70016);
    }
    return refuse(asking, "bad_verification_code", "The device code is not known.");
}

/* A page that signs everybody in and sends the browser back at once (RFC 6749 section 4.1.1). */
static int authorize_browser(struct asking *asking)
{
    static const char ours[] = "http://127.0.0.1:", plain[] =
                                                        "-_0123456789abcdefghijklmnopqrstuvwxyz"
                                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *words[6];
    static const char *const names[] = {
        "response_type", "redirect_uri",   "state",
        "client_id",     "code_challenge", "code_challenge_method"
    };
    for (int i = 0; i < 6; i++) {
        words[i] = sim_form_field(asking->request->query, names[i], &asking->fields[i]);
        if (!words[i])
            return refuse(asking, "invalid_request", names[i]);
    }
    const char *redirect = words[1], *state = words[2], *challenge = words[4];
    bool here = strncmp(redirect, ours, sizeof ours - 1) == 0 ||
                strncmp(redirect, "http://localhost:", sizeof ours - 1) == 0;
    struct sim_code *kept = &asking->grants->codes[asking->grants->code_count % SIM_GRANTS_KEPT];
    if (strcmp(words[0], "code") != 0 || strcmp(words[5], "S256") != 0 || !here ||
        strlen(redirect) >= sizeof kept->redirect || strlen(challenge) >= sizeof kept->challenge ||
        state[strspn(state, plain)])
        return refuse(asking, "invalid_request", "The sign-in was not asked for as it must be.");
    if (strcmp(words[3], "error-access_denied") == 0) {
        buffer_format(asking->out, "%s?error=access_denied&error_description=%s&state=%s", redirect,
                      "The+person+said+no%21", state);
        return 302;
    }
    asking->grants->code_count++;
    new_name(kept->code, "code-");
    snprintf(kept->challenge, sizeof kept->challenge, "%s", challenge);
    snprintf(kept->redirect, sizeof kept->redirect, "%s", redirect);
    buffer_format(asking->out, "%s?state=%s&code=%s", redirect, state, kept->code);
    const char *access = sim_form_field(asking->request->query, "access_type", &asking->fields[0]);
    const char *scope = sim_form_field(asking->request->query, "scope", &asking->fields[1]);
    kept->offline =
        (access && strcmp(access, "offline") == 0) || (scope && strstr(scope, "offline_access"));
    return 302;
}

/* RFC 7636 section 4.6: a code is good once, for the one who asked for it. */
static int give_for_code(struct asking *asking)
{
    const char *code = field(asking, 0, "code"), *verifier = field(asking, 1, "code_verifier");
    const char *redirect = field(asking, 2, "redirect_uri");
    struct sim_code *kept = NULL;
    for (int i = 0; code && *code && i < SIM_GRANTS_KEPT; i++)
        if (strcmp(asking->grants->codes[i].code, code) == 0)
            kept = &asking->grants->codes[i];
    if (!kept || !verifier || !redirect || strcmp(kept->redirect, redirect) != 0)
        return refuse_number(asking, 70000);
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct buffer challenge;
    buffer_init(&challenge, SIM_GRANT_SIZE);
    crypto_sha256(text_bytes(verifier), digest);
    crypto_base64url_encode(&challenge, (struct bytes) { (const char *)digest, sizeof digest });
    bool proven = is(buffer_bytes(&challenge), kept->challenge);
    buffer_done(&challenge);
    *kept->code = '\0';
    return proven ? give(asking, asking->accounts->token, kept->offline)
                  : refuse(asking, "invalid_grant", "The code verifier does not match.");
}

/* The claims of an assertion, which has three parts (RFC 7519); NULL. Whether the signature is good
 * only those could say who know the certificate. */
static json_t *read_claims(const char *text)
{
    const char *dot = text ? strchr(text, '.') : NULL, *second = dot ? strchr(dot + 1, '.') : NULL;
    struct buffer claims;
    json_t *object = NULL;
    buffer_init(&claims, FIELD_LIMIT);
    if (second &&
        crypto_base64url_decode(&claims, (struct bytes) { dot + 1, (size_t)(second - dot - 1) })) {
        struct bytes json = buffer_bytes(&claims);
        object = json_loadb(json.data ? json.data : "", json.size, 0, NULL);
    }
    buffer_done(&claims);
    return object;
}

static const char *claim(const json_t *claims, const char *name)
{
    const char *text = json_string_value(json_object_get(claims, name));
    return text ? text : "";
}

/* RFC 7523 section 3: it names the app and us. */
static bool is_assertion(const char *text, const char *client_id, const char *audience)
{
    json_t *claims = read_claims(text);
    bool good = *claim(claims, "sub") && strstr(claim(claims, "aud"), audience) &&
                (!client_id || strcmp(claim(claims, "sub"), client_id) == 0);
    json_decref(claims);
    return good;
}

/* As Google judges what a service account signs, and in its words. */
static int judge_account(struct asking *asking, const json_t *claims)
{
    int status;
    json_int_t issued = json_integer_value(json_object_get(claims, "iat"));
    json_int_t expires = json_integer_value(json_object_get(claims, "exp"));
    asking->client_id = claim(claims, "iss");
    if (refuse_wish(asking, &status))
        return status;
    if (expires <= asking->now || expires - issued > LIFE_S || issued > asking->now)
        return refuse(asking, "invalid_grant",
                      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                      "reasonable timeframe. Check your iat and exp values in the JWT claim.");
    if (!strstr(claim(claims, "aud"), "/token"))
        return refuse(asking, "invalid_grant", "Invalid JWT: Failed audience check.");
    if (strcmp(claim(claims, "scope"), "https://mail.google.com/") != 0)
        return refuse(asking, "unauthorized_client",
                      "Client is unauthorized to retrieve access tokens using this method, or "
                      "client not authorized for any of the scopes requested.");
    if (strcmp(claim(claims, "sub"), asking->accounts->token_user) != 0)
        return refuse(asking, "invalid_grant", "Invalid email or User ID");
    return give(asking, asking->accounts->token, false);
}

static int give_account(struct asking *asking)
{
    json_t *claims = read_claims(field(asking, 1, "assertion"));
    int status = claims ? judge_account(asking, claims)
                        : refuse(asking, "invalid_grant", "Bad Request: the assertion is no JWT.");
    json_decref(claims);
    return status;
}

static int give_app(struct asking *asking)
{
    const char *secret = field(asking, 1, "client_secret");
    const char *assertion = field(asking, 2, "client_assertion");
    const char *tenants[] = { "/common/", "/organizations/", "/consumers/" };
    for (size_t i = 0; i < sizeof tenants / sizeof *tenants; i++)
        if (text_starts_fold(asking->request->path, tenants[i]))
            return refuse_number(asking, 9001023);
    if (!secret && !assertion)
        return refuse_number(asking, 7000218);
    if (secret && strcmp(secret, asking->accounts->client_secret) != 0)
        return refuse_number(asking, 7000215);
    if (assertion && !is_assertion(assertion, asking->client_id, "/oauth2/v2.0/token") &&
        !is_assertion(assertion, NULL, "AzureADTokenExchange"))
        return refuse_number(asking, 700027);
    return give(asking, asking->accounts->app_token, false);
}

/* The old one is no longer good: whoever does not keep the new one is out. */
static int give_refreshed(struct asking *asking)
{
    const char *refresh = field(asking, 1, "refresh_token");
    for (int i = 0; refresh && *refresh && i < SIM_GRANTS_KEPT; i++)
        if (strcmp(asking->grants->refreshes[i], refresh) == 0) {
            *asking->grants->refreshes[i] = '\0';
            return give(asking, asking->accounts->token, true);
        }
    return refuse_number(asking, 70000);
}

static int give_token(struct asking *asking)
{
    static const struct {
        const char *grant_type;
        int (*give)(struct asking *asking);
    } grants[] = {
        { "urn:ietf:params:oauth:grant-type:device_code", give_for_device },
        { "client_credentials", give_app },
        { "refresh_token", give_refreshed },
        { "authorization_code", give_for_code },
        { "urn:ietf:params:oauth:grant-type:jwt-bearer", give_account },
    };
    int status;
    if (refuse_wish(asking, &status))
        return status;
    for (size_t i = 0; asking->grant_type && i < sizeof grants / sizeof *grants; i++)
        if (strcmp(asking->grant_type, grants[i].grant_type) == 0)
            return grants[i].give(asking);
    return refuse(asking, "unsupported_grant_type", "AADSTS70003: the grant type is not known.");
}

/* ---- the other pages ---- */

/* What vouches for a job of continuous integration. */
static int vouch(struct asking *asking, const char *name)
{
    static const char claims[] = "{\"iss\":\"https://ci.example.org\",\"sub\":\"job:4711\","
                                 "\"aud\":\"api://AzureADTokenExchange\"}";
    struct buffer assertion;
    if (!asking->request->bearer.size)
        return say(asking, 401, json_pack("{s:s}", "error", "unauthorized"));
    buffer_init(&assertion, FIELD_LIMIT);
    crypto_base64url_encode(&assertion, text_bytes("{\"alg\":\"none\"}"));
    buffer_append_text(&assertion, ".");
    crypto_base64url_encode(&assertion, text_bytes(claims));
    buffer_append_text(&assertion, ".c2ln");
    struct bytes text = buffer_bytes(&assertion);
    json_t *object = json_object();
    json_object_set_new(object, name, json_stringn(text.data, text.size));
    buffer_done(&assertion);
    return say(asking, 200, object);
}

/* RFC 7662, for mail servers: in the form, the address, or the header. */
static int introspect(struct asking *asking)
{
    const struct sim_accounts *accounts = asking->accounts;
    struct bytes bearer = asking->request->bearer;
    const char *token = field(asking, 1, "token");
    if (!token)
        token = sim_form_field(asking->request->query, "token", &asking->fields[1]);
    bool known = token ? strcmp(token, accounts->token) == 0 : is(bearer, accounts->token);
    if (!known || accounts->token_bad)
        return say(asking, 200, json_pack("{s:b}", "active", 0));
    return say(asking, 200,
               json_pack("{s:b, s:s, s:s, s:s, s:I}", "active", 1, "username", accounts->token_user,
                         "email", accounts->token_user, "token_type", "Bearer", "exp",
                         (json_int_t)(asking->now + LIFE_S)));
}

/* OpenID Connect Discovery 1.0 section 4.2, as far as mail programs look. */
static int describe(struct asking *asking)
{
    struct bytes host = asking->request->host;
    int size = host.size < SIM_GRANT_SIZE ? (int)host.size : SIM_GRANT_SIZE;
    json_t *object = json_object();
    static const char *const pages[][2] = {
        { "issuer", "" },
        { "token_endpoint", "/oauth2/token" },
        { "authorization_endpoint", "/oauth2/authorize" },
        { "device_authorization_endpoint", "/oauth2/devicecode" },
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        json_object_set_new(object, pages[i][0],
                            json_sprintf("https://%.*s%s", size, host.data, pages[i][1]));
    return say(asking, 200, object);
}

int sim_authority_answer(struct sim_grants *grants, const struct sim_accounts *accounts,
                         const struct sim_request *request, int64_t now, struct buffer *out)
{
    struct asking asking = {
        .grants = grants, .accounts = accounts, .request = request, .now = now, .out = out
    };
    int status;
    for (size_t i = 0; i < sizeof asking.fields / sizeof *asking.fields; i++)
        buffer_init(&asking.fields[i], FIELD_LIMIT);
    asking.client_id = field(&asking, 3, "client_id");
    asking.grant_type = field(&asking, 4, "grant_type");
    bool post = is(request->method, "POST");
    if (post && ends(request->path, "/devicecode"))
        status = refuse_wish(&asking, &status) ? status : authorize_device(&asking);
    else if (!post && (ends(request->path, "/authorize") || ends(request->path, "/v2/auth")))
        status = authorize_browser(&asking);
    else if (post && ends(request->path, "/token"))
        status = give_token(&asking);
    else if (is(request->path, "/.well-known/openid-configuration"))
        status = describe(&asking);
    else if (ends(request->path, "/introspect"))
        status = introspect(&asking);
    else if (ends(request->path, "/ci/github"))
        status = vouch(&asking, "value");
    else if (post && ends(request->path, "/ci/azure"))
        status = vouch(&asking, "oidcToken");
    else
        status = say(&asking, 404, json_pack("{s:s}", "error", "not_found"));
    for (size_t i = 0; i < sizeof asking.fields / sizeof *asking.fields; i++)
        buffer_done(&asking.fields[i]);
    return status;
}
