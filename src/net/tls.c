#include "net/tls.h"

#include "base/memory.h"
#include "base/text.h"
#include "net/tls_session.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- what all sessions share ---- */

static struct tls_shared shared;
static _Thread_local int64_t judged_at = -1;

void tls_set_time(int64_t now)
{
    judged_at = now;
}

static time_t time_of_judgement(time_t *ret)
{
    time_t now = judged_at >= 0 ? (time_t)judged_at : time(NULL);
    if (ret)
        *ret = now;
    return now;
}

static gnutls_priority_t priority(const char *words)
{
    gnutls_priority_t made = NULL;
    return gnutls_priority_init(&made, words, NULL) == GNUTLS_E_SUCCESS ? made : NULL;
}

static void make_shared(void)
{
    gnutls_global_set_time_function(time_of_judgement);
    gnutls_certificate_allocate_credentials(&shared.no_credentials);
    /* TLS 1.0 and 1.1 too: a server of the past is to be described, not just refused. Where the
     * system's policy forbids them, GnuTLS leaves them out. */
    shared.client = priority("NORMAL:+VERS-TLS1.1:+VERS-TLS1.0");
    shared.server = priority("NORMAL");
    shared.server_tls10 = priority("NORMAL:-VERS-ALL:+VERS-TLS1.0");
}

const struct tls_shared *tls_shared(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_shared);
    return &shared;
}

/* ---- the wire, which is two buffers ---- */

static ssize_t push(gnutls_transport_ptr_t arg, const void *data, size_t size)
{
    struct tls *tls = arg;
    buffer_append(&tls->out, data, size);
    if (tls->out.overflow) {
        gnutls_transport_set_errno(tls->session, EMSGSIZE);
        return -1;
    }
    return (ssize_t)size;
}

static ssize_t pull(gnutls_transport_ptr_t arg, void *data, size_t size)
{
    struct tls *tls = arg;
    struct bytes have = buffer_bytes(&tls->in);
    if (have.size == 0 && tls->ended)
        return 0;
    if (have.size == 0) {
        gnutls_transport_set_errno(tls->session, EAGAIN);
        return -1;
    }
    if (size > have.size)
        size = have.size;
    memcpy(data, have.data, size);
    buffer_consume(&tls->in, size);
    return (ssize_t)size;
}

struct tls *tls_session_new(unsigned flags, gnutls_priority_t chosen,
                            gnutls_certificate_credentials_t credentials)
{
    struct tls *tls = memory_new(sizeof *tls);
    int made = gnutls_init(&tls->session, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    assert(made == GNUTLS_E_SUCCESS);
    (void)made;
    buffer_init(&tls->in, TLS_IN_LIMIT);
    buffer_init(&tls->out, TLS_OUT_LIMIT);
    if (!chosen || gnutls_priority_set(tls->session, chosen) < 0)
        gnutls_set_default_priority(tls->session);
    gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_ptr(tls->session, tls);
    gnutls_transport_set_push_function(tls->session, push);
    gnutls_transport_set_pull_function(tls->session, pull);
    gnutls_handshake_set_timeout(tls->session, 0); /* the driver keeps the time */
    return tls;
}

/* HOST as it is compared and offered: without the root's dot (RFC 6066 section 3) and without the
 * zone of a link-local address, which is this machine's own business. */
static char *name_of(const char *host, bool *ret_numeric)
{
    struct in6_addr address;
    char *name = memory_copy(host);
    size_t size = strlen(name);
    char *zone = strchr(name, '%');
    if (zone)
        *zone = '\0';
    *ret_numeric =
        inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
    if (zone && !*ret_numeric)
        *zone = '%';
    if (!*ret_numeric && size > 1 && name[size - 1] == '.')
        name[size - 1] = '\0';
    return name;
}

struct tls *tls_new(const char *host)
{
    const struct tls_shared *common = tls_shared();
    /* No tickets: nothing here is ever resumed. */
    struct tls *tls =
        tls_session_new(GNUTLS_CLIENT | GNUTLS_NO_TICKETS, common->client, common->no_credentials);
    tls->host = name_of(host, &tls->numeric);
    if (!tls->numeric)
        gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, tls->host, strlen(tls->host));
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    gnutls_deinit(tls->session);
    buffer_done(&tls->in);
    buffer_done(&tls->out);
    free(tls->host);
    free(tls);
}

void tls_feed(struct tls *tls, struct bytes ciphertext)
{
    size_t room = sizeof tls->first - tls->first_size;
    size_t size = ciphertext.size < room ? ciphertext.size : room;
    if (size)
        memcpy(tls->first + tls->first_size, ciphertext.data, size);
    tls->first_size += size;
    tls->fruitless += ciphertext.size;
    buffer_append(&tls->in, ciphertext.data, ciphertext.size);
}

void tls_feed_end(struct tls *tls)
{
    tls->ended = true;
}

struct buffer *tls_out(struct tls *tls)
{
    return &tls->out;
}

struct bytes tls_first_bytes(const struct tls *tls)
{
    return (struct bytes) { .data = tls->first, .size = tls->first_size };
}

/* ---- talking ---- */

static void fail(struct tls *tls, struct failure failure)
{
    tls->progress = TLS_FAILED;
    tls->failure = failure;
}

/* GnuTLS gathers a handshake message of up to 16 MiB piece by piece, whatever its own limits say,
 * so what a peer may send without getting anywhere is counted here. */
static bool flooded(struct tls *tls)
{
    if (tls->fruitless <= TLS_IN_LIMIT && !tls->in.overflow)
        return false;
    if (tls->progress != TLS_FAILED)
        fail(tls, failure_make(FAILURE_PROTOCOL_VIOLATION,
                               "more than %d KiB of TLS without data in it", TLS_IN_LIMIT / 1024));
    return true;
}

static void note_alert(struct tls *tls, int error)
{
    if (error == GNUTLS_E_FATAL_ALERT_RECEIVED || error == GNUTLS_E_WARNING_ALERT_RECEIVED)
        tls->alert = tls_alert_name((int)gnutls_alert_get(tls->session));
}

/* Notes why, and tells a peer that speaks TLS and is still there. */
static void give_up(struct tls *tls, int error)
{
    fail(tls, tls_failure(tls, error));
    if (!tls->ended && tls_speaks_tls(tls) && error != GNUTLS_E_FATAL_ALERT_RECEIVED)
        gnutls_alert_send_appropriate(tls->session, error);
}

static void handshake_done(struct tls *tls)
{
    tls->progress = TLS_READY;
    tls->fruitless = buffer_size(&tls->in);
}

static enum tls_progress told(const struct tls *tls, struct failure *ret_failure)
{
    if (tls->progress == TLS_FAILED)
        *ret_failure = tls->failure;
    return tls->progress;
}

enum tls_progress tls_handshake(struct tls *tls, struct failure *ret_failure)
{
    if (tls->progress != TLS_WANTS_MORE || flooded(tls))
        return told(tls, ret_failure);
    int error;
    do {
        error = gnutls_handshake(tls->session);
        note_alert(tls, error);
    } while (error == GNUTLS_E_WARNING_ALERT_RECEIVED || error == GNUTLS_E_INTERRUPTED);
    if (error == GNUTLS_E_SUCCESS)
        handshake_done(tls);
    else if (error != GNUTLS_E_AGAIN)
        give_up(tls, error);
    return told(tls, ret_failure);
}

/* One call of GnuTLS. Post-handshake messages are its own affair (tickets, key updates), but after
 * each it says EAGAIN though there may be more to read; and it leaves the answer to a TLS 1.2
 * HelloRequest to us, which RFC 5246 section 7.4.1.1 lets a client decline. *ret_again: call once
 * more. */
static ssize_t receive(struct tls *tls, void *data, size_t size, bool *ret_again)
{
    size_t before = buffer_size(&tls->in);
    ssize_t result = gnutls_record_recv(tls->session, data, size);
    note_alert(tls, (int)result);
    if (result == GNUTLS_E_REHANDSHAKE) {
        int sent = gnutls_alert_send(tls->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
        *ret_again = sent >= 0;
        return sent >= 0 ? result : sent;
    }
    size_t left = buffer_size(&tls->in);
    *ret_again = result == GNUTLS_E_INTERRUPTED || result == GNUTLS_E_WARNING_ALERT_RECEIVED ||
                 (result == GNUTLS_E_AGAIN && left > 0 && left < before);
    return result;
}

ssize_t tls_read(struct tls *tls, void *data, size_t size, struct failure *ret_failure)
{
    assert(size > 0);
    if (tls->progress == TLS_READY && !flooded(tls)) {
        bool again = true;
        ssize_t result = 0;
        while (again)
            result = receive(tls, data, size, &again);
        if (result > 0)
            tls->fruitless = buffer_size(&tls->in);
        if (result >= 0)
            return result;
        if (result == GNUTLS_E_AGAIN)
            return -1;
        if (result == GNUTLS_E_PREMATURE_TERMINATION)
            return 0;
        give_up(tls, (int)result);
    }
    *ret_failure = tls->failure;
    return -2;
}

bool tls_write(struct tls *tls, struct bytes data)
{
    while (data.size && tls->progress == TLS_READY) {
        ssize_t sent = gnutls_record_send(tls->session, data.data, data.size);
        if (sent < 0)
            fail(tls, tls_failure(tls, (int)sent));
        else
            data = (struct bytes) { data.data + sent, data.size - (size_t)sent };
    }
    return tls->progress == TLS_READY;
}

void tls_close(struct tls *tls)
{
    if (tls->progress == TLS_READY)
        gnutls_bye(tls->session, GNUTLS_SHUT_WR);
}

const char *tls_channel_binding(const struct tls *tls, struct buffer *data)
{
    gnutls_protocol_t version = gnutls_protocol_get_version(tls->session);
    bool exporter = version == GNUTLS_TLS1_3;
    bool unique = version == GNUTLS_TLS1_2 && gnutls_session_ext_master_secret_status(tls->session);
    gnutls_datum_t binding = { 0 };
    if ((!exporter && !unique) ||
        gnutls_session_channel_binding(
            tls->session, exporter ? GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_UNIQUE, &binding) < 0)
        return NULL;
    buffer_append(data, (const char *)binding.data, binding.size);
    gnutls_free(binding.data);
    return exporter ? "tls-exporter" : "tls-unique";
}
