/* A second connection to a port that should greet in clear and does not: does it want TLS at once,
 * or is it no mail server at all? It offers a ClientHello and looks at what comes back. */
#ifndef ENGINE_SNIFF_H
#define ENGINE_SNIFF_H

#include "engine/proxy.h"
#include "net/evidence.h"
#include "net/loop.h"
#include "probes/recognise.h"
#include "result/trace.h"

struct sniff;

struct sniff_options {
    struct loop *loop;
    struct trace *trace;
    int64_t started_ns;
    struct endpoint *endpoint;
    struct net_address address;         /* the proxy's, where there is one */
    const struct proxy_settings *proxy; /* NULL: none */
    const char *host;                   /* what the proxy is asked for, with PORT */
    int port;
    const struct net_address *source; /* NULL any */
    int budget_ms;                    /* for the answer */
    /* Once; PEER_UNKNOWN when nothing that is known answered. sniff_close() is then due. */
    void (*done)(void *arg, enum peer_protocol peer);
    void *arg;
};

struct sniff *sniff_start(const struct sniff_options *options);
void sniff_close(struct sniff **sniff); /* without done; NULL inside is legal */

#endif
