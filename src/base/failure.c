#include "base/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    [FAILURE_NONE] = "",
    [FAILURE_HOST_NOT_FOUND] = "host_not_found",
    [FAILURE_NO_ADDRESS] = "no_address",
    [FAILURE_SERVER_FAILURE] = "server_failure",
    [FAILURE_QUERY_REFUSED] = "query_refused",
    [FAILURE_BAD_ANSWER] = "bad_answer",
    [FAILURE_TIMED_OUT] = "timed_out",
    [FAILURE_CONNECTION_REFUSED] = "connection_refused",
    [FAILURE_HOST_UNREACHABLE] = "host_unreachable",
    [FAILURE_NETWORK_UNREACHABLE] = "network_unreachable",
    [FAILURE_ADDRESS_NOT_AVAILABLE] = "address_not_available",
    [FAILURE_PROHIBITED] = "prohibited",
    [FAILURE_CONNECTION_RESET] = "connection_reset",
    [FAILURE_CONNECTION_CLOSED] = "connection_closed",
    [FAILURE_SYSTEM] = "system_error",
    [FAILURE_PROXY_UNREACHABLE] = "proxy_unreachable",
    [FAILURE_PROXY_SILENT] = "proxy_silent",
    [FAILURE_PROXY_BROKEN] = "proxy_broken",
    [FAILURE_PROXY_LOGIN] = "proxy_login",
    [FAILURE_PROXY_REFUSED] = "proxy_refused",
    [FAILURE_PROXY_TARGET] = "proxy_target",
    [FAILURE_PROXY_FAILED] = "proxy_failed",
    [FAILURE_PROTOCOL_MISMATCH] = "protocol_mismatch",
    [FAILURE_PROTOCOL_VIOLATION] = "protocol_violation",
    [FAILURE_REPLY_TOO_LONG] = "reply_too_long",
    [FAILURE_REFUSED] = "refused",
    [FAILURE_NOT_OFFERED] = "not_offered",
    [FAILURE_PLAINTEXT_INJECTED] = "plaintext_injected",
    [FAILURE_NO_MECHANISM] = "no_mechanism",
    [FAILURE_SERVER_UNPROVEN] = "server_unproven",
    [FAILURE_WRONG_RESULT] = "wrong_result",
    [FAILURE_HELD_BACK] = "held_back",
    [FAILURE_TLS_VERSION] = "tls_version",
    [FAILURE_TLS_HANDSHAKE] = "tls_handshake",
    [FAILURE_CANCELLED] = "cancelled",
};
_Static_assert(sizeof names / sizeof *names == FAILURE_COUNT, "a failure without a name");

const char *failure_name(enum failure_kind kind)
{
    return names[kind];
}

enum failure_kind failure_parse(const char *name)
{
    for (int i = FAILURE_NONE + 1; i < FAILURE_COUNT; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum failure_kind)i;
    return FAILURE_NONE;
}

struct failure failure_make(enum failure_kind kind, const char *format, ...)
{
    struct failure failure = { .kind = kind };
    va_list args;
    va_start(args, format);
    vsnprintf(failure.text, sizeof failure.text, format, args);
    va_end(args);
    return failure;
}

struct failure failure_from_errno(int error)
{
    static const struct {
        int error;
        enum failure_kind kind;
    } kinds[] = {
        { ETIMEDOUT, FAILURE_TIMED_OUT },
        { ECONNREFUSED, FAILURE_CONNECTION_REFUSED },
        { EHOSTUNREACH, FAILURE_HOST_UNREACHABLE },
        { EHOSTDOWN, FAILURE_HOST_UNREACHABLE },
        { ENETUNREACH, FAILURE_NETWORK_UNREACHABLE },
        { ENETDOWN, FAILURE_NETWORK_UNREACHABLE },
        { EADDRNOTAVAIL, FAILURE_ADDRESS_NOT_AVAILABLE },
        { EAFNOSUPPORT, FAILURE_ADDRESS_NOT_AVAILABLE },
        { EACCES, FAILURE_PROHIBITED },
        { EPERM, FAILURE_PROHIBITED },
        { ECONNRESET, FAILURE_CONNECTION_RESET },
        { EPIPE, FAILURE_CONNECTION_RESET },
    };
    struct failure failure = { .kind = FAILURE_SYSTEM, .system = error };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].error == error)
            failure.kind = kinds[i].kind;
    snprintf(failure.text, sizeof failure.text, "%s", strerror(error));
    return failure;
}
