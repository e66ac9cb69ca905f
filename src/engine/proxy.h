/* The way through a proxy: --proxy's URL, and the driver that asks the proxy for a connection over
 * a socket. Hooked between connecting and the dialogue, which then runs end to end through it: TLS
 * and its checks are with the mail server, never with the proxy. */
#ifndef ENGINE_PROXY_H
#define ENGINE_PROXY_H

#include "base/arena.h"
#include "net/loop.h"
#include "probes/proxy.h"

struct proxy_settings {
    enum proxy_kind kind; /* PROXY_NONE: no proxy */
    const char *host;     /* ASCII or numeric, IPv6 without brackets */
    int port;
    const char *user;              /* NULL: none */
    const struct secret *password; /* with USER, and set by the caller */
    const char *shown;             /* the URL as it may be shown */
};

/* URL is socks5://[user@]HOST:PORT (also socks5h://, which is the same here: the proxy resolves the
 * names) or http://[user@]HOST:PORT. False and one line (release with free()) when it is not, or
 * when it holds a password; the line then does not repeat it. Strings are ARENA's. */
bool proxy_parse(struct proxy_settings *ret_settings, struct arena *arena, const char *url,
                 char **ret_error);

struct proxy;

struct proxy_options {
    struct loop *loop;
    const struct proxy_settings *settings;
    const char *host; /* where to: a name or a numeric address */
    int port;
    int budget_ms;
    /* Once: TALK is open or has failed. proxy_close() is then due, and legal inside. */
    void (*done)(void *arg, const struct proxy_talk *talk);
    void *arg;
};

/* Takes FD, which is connected to the proxy. */
struct proxy *proxy_start(const struct proxy_options *options, int fd);
/* The descriptor, now the caller's; for an open talk. */
int proxy_take(struct proxy *proxy);
/* Did it say anything so far? */
bool proxy_heard(const struct proxy *proxy);
void proxy_close(struct proxy **proxy); /* without done; NULL inside is legal */

#endif
