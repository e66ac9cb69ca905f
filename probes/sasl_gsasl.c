#include "probes/sasl_gsasl.h"

#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"

#include <gsasl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One exchange under way in the library. */
struct sasl_library {
    Gsasl *context;
    Gsasl_session *session;
    bool scram;   /* the server's signature is awaited */
    bool proven;  /* and was good */
    bool refused; /* it said in its place that the login failed */
};

/* The library's copies are wiped before it lets go of them. */
static void wipe(Gsasl_session *session, Gsasl_property property)
{
    const char *copy = gsasl_property_fast(session, property);
    if (copy)
        explicit_bzero((char *)(uintptr_t)copy, strlen(copy));
}

void sasl_gsasl_done(struct sasl_exchange *exchange)
{
    struct sasl_library *library = exchange->library;
    exchange->library = NULL;
    if (!library)
        return;
    if (library->session) {
        wipe(library->session, GSASL_PASSWORD);
        wipe(library->session, GSASL_SCRAM_SALTED_PASSWORD);
        gsasl_finish(library->session);
    }
    if (library->context)
        gsasl_done(library->context);
    free(library);
}

/* Only for a mechanism that binds: without -PLUS, a client that could bind must say so, and a
 * server that offers it then takes the login for one that was talked down (RFC 5802 section 6). */
static void bind_to_tls(struct sasl_exchange *exchange)
{
    const struct sasl_binding *binding = &exchange->binding;
    struct buffer text;
    buffer_init(&text, SECRET_LIMIT);
    crypto_base64_encode(&text, binding->data);
    gsasl_property_set_raw(exchange->library->session,
                           strcmp(binding->type, "tls-exporter") == 0 ? GSASL_CB_TLS_EXPORTER
                                                                      : GSASL_CB_TLS_UNIQUE,
                           buffer_bytes(&text).data, buffer_size(&text));
    buffer_done(&text);
}

static bool begin(struct sasl_exchange *exchange)
{
    const struct sasl_login *login = exchange->login;
    struct bytes password = secret_bytes(login->password);
    sasl_gsasl_done(exchange);
    struct sasl_library *library = exchange->library = memory_new(sizeof *library);
    library->scram = strncmp(exchange->mechanism, "SCRAM-", strlen("SCRAM-")) == 0;
    if (gsasl_init(&library->context) != GSASL_OK ||
        gsasl_client_start(library->context, exchange->mechanism, &library->session) != GSASL_OK) {
        exchange->trouble = "the SASL library does not know the mechanism";
        return false;
    }
    gsasl_property_set(library->session, GSASL_AUTHID, login->user);
    gsasl_property_set_raw(library->session, GSASL_PASSWORD, password.data, password.size);
    if (sasl_find(exchange->mechanism)->binds)
        bind_to_tls(exchange);
    if (login->mailbox)
        gsasl_property_set(library->session, GSASL_AUTHZID, login->mailbox);
    return true;
}

/* The server's last message is not as it must be: it does not know the password. */
static void note_failure(struct sasl_exchange *exchange, int result)
{
    const struct sasl_library *library = exchange->library;
    if (library->scram && exchange->secret_said && !library->refused)
        exchange->unproven = true;
    else
        exchange->trouble = gsasl_strerror(result);
}

/* The refusal itself follows an empty answer (RFC 5802 section 7, RFC 4422 section 3.6). */
static bool is_refusal(const struct sasl_exchange *exchange, struct bytes challenge)
{
    const struct sasl_library *library = exchange->library;
    return library->scram && exchange->secret_said && !library->refused &&
           text_starts_fold(challenge, "e=");
}

bool sasl_gsasl_respond(struct sasl_exchange *exchange, struct bytes challenge, struct buffer *out)
{
    char *answer = NULL;
    size_t size = 0;
    if (exchange->round == 0 && !begin(exchange))
        return false;
    struct sasl_library *library = exchange->library;
    if (is_refusal(exchange, challenge)) {
        library->refused = true;
        exchange->round++;
        return true;
    }
    int result = gsasl_step(library->session, challenge.data, challenge.size, &answer, &size);
    if (result != GSASL_OK && result != GSASL_NEEDS_MORE) {
        note_failure(exchange, result);
        return false;
    }
    if (answer) { /* none: nothing more to say */
        buffer_append(out, answer, size);
        explicit_bzero(answer, size);
        gsasl_free(answer);
    }
    bool first = exchange->round++ == 0;
    bool speaks_first = library->scram;
    exchange->secret_said = exchange->secret_said || !first || !speaks_first;
    library->proven = library->scram && result == GSASL_OK;
    return true;
}

bool sasl_gsasl_proven(const struct sasl_exchange *exchange)
{
    const struct sasl_library *library = exchange->library;
    return !library || !library->scram || library->proven;
}
