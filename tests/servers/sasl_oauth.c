/* XOAUTH2 and OAUTHBEARER for a server that uses Cyrus SASL, which Debian has for clients only.
 *
 * The mechanisms alone: the protocol around them is the server's. Who a token was given to stands
 * in a file, the option "oauth_tokens": a line "USER TOKEN" for each that is good. The client sends
 * "user=USER ^A auth=Bearer TOKEN ^A ^A", or "n,a=USER, ^A auth=Bearer TOKEN ^A ^A" (RFC 7628
 * section 3.1). A refusal is told in JSON first, and then awaits one more message (section 3.2.3).
 */
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 8192 };

struct exchange {
    bool refused; /* and the client has been told why */
};

static int begin(void *glob_context, sasl_server_params_t *params, const char *challenge,
                 unsigned challenge_size, void **ret_context)
{
    (void)glob_context, (void)challenge, (void)challenge_size;
    struct exchange *exchange = params->utils->malloc(sizeof *exchange);
    *ret_context = exchange;
    if (!exchange)
        return SASL_NOMEM;
    exchange->refused = false;
    return SASL_OK;
}

static void dispose(void *context, const sasl_utils_t *utils)
{
    if (context)
        utils->free(context);
}

/* What stands in MESSAGE between BEFORE and AFTER, which is cut off there; NULL: nothing. */
static char *between(char *message, const char *before, const char *after)
{
    char *found = strstr(message, before);
    char *end = found ? strpbrk(found + strlen(before), after) : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    return found + strlen(before);
}

static bool is_given_out(const sasl_utils_t *utils, const char *user, const char *token)
{
    const char *path = NULL;
    unsigned size;
    if (utils->getopt(utils->getopt_context, "OAUTH", "oauth_tokens", &path, &size) != SASL_OK ||
        !path)
        return false;
    FILE *file = fopen(path, "r");
    char line[MESSAGE_SIZE];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *space = strchr(line, ' ');
        if (!space)
            continue;
        *space = '\0';
        found = strcmp(line, user) == 0 && strcmp(space + 1, token) == 0;
    }
    if (file)
        fclose(file);
    return found;
}

static int step(void *context, sasl_server_params_t *params, const char *said, unsigned size,
                const char **ret_answer, unsigned *ret_answer_size, sasl_out_params_t *out)
{
    static const char why[] = "{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}";
    struct exchange *exchange = context;
    char message[MESSAGE_SIZE];
    *ret_answer = NULL;
    *ret_answer_size = 0;
    if (exchange->refused) {
        params->utils->seterror(params->utils->conn, 0, "the token was refused");
        return SASL_BADAUTH;
    }
    if (!said || size >= sizeof message || memchr(said, '\0', size))
        return SASL_BADPROT;
    memcpy(message, said, size);
    message[size] = '\0';
    bool bearer = strncmp(message, "n,a=", 4) == 0;
    char *token = between(message, "\1auth=Bearer ", "\1");
    char *user = bearer ? between(message, "n,a=", ",") : between(message, "user=", "\1");
    if (!token || !user)
        return SASL_BADPROT;
    if (!is_given_out(params->utils, user, token)) {
        exchange->refused = true;
        *ret_answer = why;
        *ret_answer_size = sizeof why - 1;
        return SASL_CONTINUE;
    }
    int known =
        params->canon_user(params->utils->conn, user, 0, SASL_CU_AUTHID | SASL_CU_AUTHZID, out);
    if (known != SASL_OK)
        return known;
    out->doneflag = 1;
    out->mech_ssf = 0;
    out->maxoutbuf = 0;
    out->encode = NULL;
    out->decode = NULL;
    out->encode_context = out->decode_context = NULL;
    out->param_version = 0;
    return SASL_OK;
}

#define MECHANISM(name)                                                                            \
    {                                                                                              \
        .mech_name = name, .security_flags = SASL_SEC_NOANONYMOUS | SASL_SEC_PASS_CREDENTIALS,     \
        .features = SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY, .mech_new = begin,       \
        .mech_step = step, .mech_dispose = dispose                                                 \
    }
static sasl_server_plug_t mechanisms[] = { MECHANISM("XOAUTH2"), MECHANISM("OAUTHBEARER") };

int sasl_server_plug_init(const sasl_utils_t *utils, int highest, int *ret_version,
                          sasl_server_plug_t **ret_mechanisms, int *ret_count)
{
    (void)utils;
    if (highest < SASL_SERVER_PLUG_VERSION)
        return SASL_BADVERS;
    *ret_version = SASL_SERVER_PLUG_VERSION;
    *ret_mechanisms = mechanisms;
    *ret_count = sizeof mechanisms / sizeof *mechanisms;
    return SASL_OK;
}
