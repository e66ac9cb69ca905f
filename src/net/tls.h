/* TLS as a client: the one door to GnuTLS (with tls_server.h and tls_issue.h for the simulator). No
 * socket here: ciphertext goes in and out through buffers, so the session keeps the clock and the
 * wire. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/failure.h"
#include "result/trace.h"

#include <sys/types.h>

/* The roots: loaded once, on any thread, and then only read; shared by all sessions. */
struct tls_trust;
struct tls_trust_options {
    const char *ca_file; /* PEM, in addition; NULL: none */
    bool system;         /* the system's roots too */
    const char *added;   /* with system: the folder in which roots were added to them by hand,
                            instead of the usual ones; NULL */
};
/* NULL and a message (release with free()) when ca_file cannot be read or holds no certificate.
 * With no system root to be found the trust is empty, and tls_trust_count() is 0. */
struct tls_trust *tls_trust_load(const struct tls_trust_options *options, char **ret_error);
void tls_trust_free(struct tls_trust *trust);
int tls_trust_count(const struct tls_trust *trust);

struct tls;

/* A client session for HOST (a name: sent as SNI and checked; a numeric address: checked, no SNI).
 * The handshake does not look at the certificate: tls_describe() does, once trust is there. */
struct tls *tls_new(const char *host);
void tls_free(struct tls *tls); /* NULL is legal */

enum tls_progress { TLS_WANTS_MORE, TLS_READY, TLS_FAILED };

/* Ciphertext that arrived. */
void tls_feed(struct tls *tls, struct bytes ciphertext);
/* The peer closed; a handshake under way then fails at the next call. */
void tls_feed_end(struct tls *tls);
/* Ciphertext to be sent; consume what was written. */
struct buffer *tls_out(struct tls *tls);

/* Goes on with the handshake. On TLS_FAILED *ret_failure is FAILURE_TLS_VERSION,
 * FAILURE_TLS_HANDSHAKE, FAILURE_PROTOCOL_MISMATCH (plain text where a record was due;
 * tls_first_bytes() has it), FAILURE_CONNECTION_CLOSED, or FAILURE_PROTOCOL_VIOLATION (a flood). */
enum tls_progress tls_handshake(struct tls *tls, struct failure *ret_failure);

/* After TLS_READY; SIZE is not 0. >0 bytes of plain text; 0 the peer said close_notify or closed;
 * -1 nothing now; -2 failed: FAILURE_TLS_HANDSHAKE for an alert (TLS 1.3 refuses a client without
 * certificate so), else FAILURE_PROTOCOL_VIOLATION. */
ssize_t tls_read(struct tls *tls, void *data, size_t size, struct failure *ret_failure);
/* Encrypts all of DATA into tls_out(). False: failed. */
bool tls_write(struct tls *tls, struct bytes data);
/* Puts close_notify into tls_out(). */
void tls_close(struct tls *tls);

/* After TLS_READY: appends what a login can be bound to (RFC 5056) to DATA, and returns what it is:
 * "tls-exporter" in TLS 1.3 (RFC 9266), "tls-unique" in TLS 1.2 (RFC 5929). NULL where there is
 * none to rely on, as in older versions and in TLS 1.2 without RFC 7627. */
const char *tls_channel_binding(const struct tls *tls, struct buffer *data);

/* The first bytes of ciphertext that came, at most 16: to tell what answered. */
struct bytes tls_first_bytes(const struct tls *tls);

/* Fills FACTS from the session as it stands (also after a failed handshake), judging the chain
 * against TRUST; NULL or empty TRUST leaves trust_loaded false and verified false. Strings are
 * ARENA's. What GnuTLS does not look at (key size, names missing, dates of each certificate) is
 * described and left to the diagnosis. NOW is Unix seconds, the run's. */
void tls_describe(const struct tls *tls, const struct tls_trust *trust, int64_t now,
                  struct arena *arena, struct tls_facts *facts);

/* The same for a session whose server showed, byte for byte, the chain that EARLIER describes,
 * under the same name: what was said of it then holds, if trust, time and arena are those of then,
 * and nothing is computed again. False, with FACTS unchanged, when it is another chain, either
 * handshake was not finished, or a staple has its own say. */
bool tls_describe_again(const struct tls *tls, const struct tls_facts *earlier, struct arena *arena,
                        struct tls_facts *facts);

#endif
