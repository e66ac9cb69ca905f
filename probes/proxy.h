/* Asking a proxy for a connection: SOCKS5 (socks.h) and HTTP CONNECT (http_connect.h), in one form.
 *
 * Like a dialogue it owns no socket and reads no clock: bytes in, bytes out. The name of the server
 * goes to the proxy as it is, and the proxy resolves it. What the proxy sends behind its last word
 * belongs to the server already: so a caller reads at most `want` bytes at a time from the socket,
 * and what it offers beyond the proxy's own words is left to it. */
#ifndef PROBES_PROXY_H
#define PROBES_PROXY_H

#include "base/buffer.h"
#include "base/failure.h"
#include "base/secret.h"

enum proxy_kind { PROXY_NONE, PROXY_SOCKS5, PROXY_HTTP };

/* Borrowed until proxy_talk_done(). */
struct proxy_wish {
    enum proxy_kind kind;
    const char *host; /* at most 255 bytes: a name, or a numeric address, IPv6 without brackets */
    int port;
    char address[16];              /* HOST's bytes, when it is numeric */
    size_t address_size;           /* 4, 16; 0: HOST is a name */
    const char *user;              /* NULL: no login */
    const struct secret *password; /* with USER */
};

enum proxy_state { PROXY_ASKING, PROXY_OPEN, PROXY_FAILED };

enum {
    PROXY_LOGIN_LIMIT = 255,
    PROXY_HOST_LIMIT = 255
}; /* RFC 1929 section 2, RFC 1928 section 4 */

struct proxy_talk {
    struct proxy_wish wish;
    struct buffer out; /* to be written; wiped as it is consumed */
    size_t want;       /* read at most so many bytes; at least 1 while asking */
    enum proxy_state state;
    struct failure failure; /* of PROXY_FAILED: one of the FAILURE_PROXY_ kinds */
    struct buffer words;    /* what the proxy said: "SOCKS5 reply 2: ...", "HTTP/1.1 403 ..." */
    bool heard;             /* the proxy said anything at all */
    bool strange;           /* what it says is not its protocol */
    int phase;              /* private, as is what follows */
    struct buffer in;
};

void proxy_talk_init(struct proxy_talk *talk, const struct proxy_wish *wish);
void proxy_talk_done(struct proxy_talk *talk);

/* Takes what came; returns how many of the bytes were the proxy's, all of them unless it is open.
 * Not to be called once it is open or has failed. */
size_t proxy_talk_bytes(struct proxy_talk *talk, struct bytes bytes);

/* The connection ended (HOW: closed, reset) or was silent for too long (timed out): a failure that
 * says how far the proxy had come. */
void proxy_talk_lost(struct proxy_talk *talk, struct failure how);

/* "socks5", "http"; "" for none. */
const char *proxy_kind_name(enum proxy_kind kind);
enum proxy_kind proxy_kind_parse(const char *name); /* PROXY_NONE when unknown */

/* For the protocols: ends it. */
void proxy_talk_fail(struct proxy_talk *talk, enum failure_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
