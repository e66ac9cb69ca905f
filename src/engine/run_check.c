#include "engine/run_check.h"

#include "base/memory.h"
#include "net/tls.h"

const char *run_login_user(const struct run_options *o)
{
    if (!o->password && !o->token)
        return NULL;
    return o->user ? o->user : o->target.user ? o->target.user : o->target.address;
}

bool run_options_check(const struct run_options *o, struct net_address *ret_source,
                       char **ret_error)
{
    if (o->source && !net_address_parse(ret_source, o->source, 0)) {
        *ret_error = memory_format("source address '%s' is not a numeric address", o->source);
        return false;
    }
    struct failure failure;
    if (o->source && !net_address_is_own(ret_source, &failure)) {
        *ret_error = memory_format("cannot connect from --source %s: %s", o->source, failure.text);
        return false;
    }
    if (!o->ca_file || o->trust)
        return true;
    /* The file alone loads in 0.1 ms: so a bad one is told at once, and not by the pool in the
     * middle of the run. */
    struct tls_trust_options only = { .ca_file = o->ca_file };
    struct tls_trust *trust = tls_trust_load(&only, ret_error);
    tls_trust_free(trust);
    return trust != NULL;
}
