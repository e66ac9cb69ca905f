#include "probes/sasl.h"

#include "base/text.h"
#include "probes/sasl_gsasl.h"

#include <string.h>

/* Whose mailbox is to be opened. Microsoft and Google take it as the user of a token's login, which
 * names its own owner inside. */
static const char *mailbox_of(const struct sasl_login *login)
{
    return login->mailbox ? login->mailbox : login->user;
}

/* RFC 4616: the authorisation identity is another's mailbox; without one the server derives it from
 * the name. */
static bool plain_respond(struct sasl_exchange *exchange, struct bytes challenge,
                          struct buffer *out)
{
    (void)challenge;
    if (exchange->round++)
        return false;
    struct bytes password = secret_bytes(exchange->login->password);
    buffer_append_text(out, exchange->login->mailbox ? exchange->login->mailbox : "");
    buffer_append(out, "\0", 1);
    buffer_append_text(out, exchange->login->user);
    buffer_append(out, "\0", 1);
    buffer_append(out, password.data, password.size);
    exchange->secret_said = true;
    return true;
}

/* draft-murchison-sasl-login: the first challenge asks for the name, the second for the password.
 * Servers word the prompts as they like, so only their order counts. */
static bool login_respond(struct sasl_exchange *exchange, struct bytes challenge,
                          struct buffer *out)
{
    (void)challenge;
    switch (exchange->round++) {
    case 0:
        buffer_append_text(out, exchange->login->user);
        return true;
    case 1: {
        struct bytes password = secret_bytes(exchange->login->password);
        buffer_append(out, password.data, password.size);
        exchange->secret_said = true;
        return true;
    }
    default:
        return false;
    }
}

static void append_bearer(struct sasl_exchange *exchange, struct buffer *out)
{
    struct bytes token = secret_bytes(exchange->login->token);
    buffer_append_text(out, "auth=Bearer ");
    buffer_append(out, token.data, token.size);
    buffer_append_text(out, "\x01\x01");
    exchange->secret_said = true;
}

/* Google's and Microsoft's: the answer to an error challenge is empty. */
static bool xoauth2_respond(struct sasl_exchange *exchange, struct bytes challenge,
                            struct buffer *out)
{
    (void)challenge;
    if (exchange->round++)
        return exchange->round == 2;
    buffer_format(out, "user=%s\x01", mailbox_of(exchange->login));
    append_bearer(exchange, out);
    return true;
}

/* RFC 5801 section 4: in the GS2 header a comma and an equals sign of the name are written out. */
static void append_saslname(struct buffer *out, const char *name)
{
    for (; *name; name++) {
        if (*name == ',')
            buffer_append_text(out, "=2C");
        else if (*name == '=')
            buffer_append_text(out, "=3D");
        else
            buffer_append(out, name, 1);
    }
}

/* RFC 7628 section 3.1; the answer to an error challenge is one \x01 (section 3.2.3). */
static bool oauthbearer_respond(struct sasl_exchange *exchange, struct bytes challenge,
                                struct buffer *out)
{
    (void)challenge;
    if (exchange->round++) {
        buffer_append_text(out, "\x01");
        return exchange->round == 2;
    }
    buffer_append_text(out, "n,a=");
    append_saslname(out, mailbox_of(exchange->login));
    buffer_append_text(out, ",\x01");
    if (exchange->host)
        buffer_format(out, "host=%s\x01port=%d\x01", exchange->host, exchange->port);
    append_bearer(exchange, out);
    return true;
}

/* Best first, for each kind of secret. XOAUTH2 stands before the standard's OAUTHBEARER because the
 * hosts that offer both have had it longer. */
static const struct sasl_mechanism mechanisms[] = {
    { .name = "XOAUTH2",
      .wants_token = true,
      .other_mailbox = true,
      .client_first = true,
      .respond = xoauth2_respond },
    { .name = "OAUTHBEARER",
      .wants_token = true,
      .other_mailbox = true,
      .client_first = true,
      .respond = oauthbearer_respond },
    { .name = "PLAIN", .other_mailbox = true, .client_first = true, .respond = plain_respond },
    { .name = "LOGIN", .respond = login_respond },
    { .name = "SCRAM-SHA-256",
      .other_mailbox = true,
      .client_first = true,
      .respond = sasl_gsasl_respond },
    { .name = "SCRAM-SHA-1",
      .other_mailbox = true,
      .client_first = true,
      .respond = sasl_gsasl_respond },
    { .name = "SCRAM-SHA-256-PLUS",
      .binds = true,
      .other_mailbox = true,
      .client_first = true,
      .respond = sasl_gsasl_respond },
    { .name = "SCRAM-SHA-1-PLUS",
      .binds = true,
      .other_mailbox = true,
      .client_first = true,
      .respond = sasl_gsasl_respond },
    { .name = "CRAM-MD5", .respond = sasl_gsasl_respond },
};
enum { MECHANISM_COUNT = sizeof mechanisms / sizeof *mechanisms };

const struct sasl_mechanism *sasl_find(const char *name)
{
    for (int i = 0; i < MECHANISM_COUNT; i++)
        if (text_equal_fold(mechanisms[i].name, name))
            return &mechanisms[i];
    return NULL;
}

static bool is_offered(const struct strings *offered, const char *name)
{
    for (size_t i = 0; i < offered->count; i++)
        if (text_equal_fold(offered->items[i], name))
            return true;
    return false;
}

const struct sasl_mechanism *sasl_choose(const struct sasl_login *login,
                                         const struct strings *offered,
                                         const struct sasl_binding *binding)
{
    if (!login->user)
        return NULL;
    for (int i = 0; i < MECHANISM_COUNT; i++) {
        const struct sasl_mechanism *mechanism = &mechanisms[i];
        bool fits = mechanism->wants_token ? login->token : login->password;
        if ((login->mailbox && !mechanism->other_mailbox) || (mechanism->binds && !binding->type))
            continue;
        bool allowed = !login->mechanism || text_equal_fold(login->mechanism, mechanism->name);
        if (fits && allowed && is_offered(offered, mechanism->name))
            return mechanism;
    }
    return NULL;
}

bool sasl_is_proven(const struct sasl_exchange *exchange)
{
    return !exchange->unproven && sasl_gsasl_proven(exchange);
}

void sasl_done(struct sasl_exchange *exchange)
{
    sasl_gsasl_done(exchange);
}

bool sasl_is_error_challenge(const struct sasl_mechanism *mechanism, struct bytes challenge)
{
    challenge = text_trim(challenge);
    if (strncmp(mechanism->name, "SCRAM-", strlen("SCRAM-")) == 0)
        return text_starts_fold(challenge, "e=");
    return mechanism->wants_token && challenge.size && challenge.data[0] == '{';
}
