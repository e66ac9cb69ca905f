#include "diagnosis/transient.h"

#include <stddef.h>
#include <string.h>

/* Names, connections and servers that are away for a moment; nothing that somebody has set up so,
 * no certificate, no judgement of a secret. */
static const char *const transients[] = {
    "connection-closed",
    "dns-answer-unusable",
    "dns-servfail",
    "dns-timeout",
    "greeting-timeout",
    "hung-up-with-words",
    "ipv6-broken",
    "login-cut-off",
    "mailbox-in-use",
    "oauth-authority-unreachable",
    "path-mtu-blackhole",
    "proxy-target-failed",
    "proxy-unreachable",
    "proxy-unusable",
    "reply-timeout",
    "server-temporarily-unavailable",
    "tcp-refused",
    "tcp-reset",
    "tcp-timeout",
    "tcp-unreachable",
    "throttled",
    "tls-handshake-failed",
    "too-many-connections",
};

bool class_is_transient(const char *id)
{
    for (size_t i = 0; id && i < sizeof transients / sizeof *transients; i++)
        if (strcmp(transients[i], id) == 0)
            return true;
    return false;
}
