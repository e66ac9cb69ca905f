#include "plan/plan.h"

/* RFC 8314 section 3 (993, 995, 465, 587); RFC 5321 (25), RFC 3501 (143), RFC 1939 (110). In the
 * order in which a client that has the choice should try them. */
const struct port_use port_uses[] = {
    { 587, SERVICE_SMTP, SECURITY_STARTTLS, false },
    { 465, SERVICE_SMTP, SECURITY_IMPLICIT, false },
    { 25, SERVICE_SMTP, SECURITY_STARTTLS, true },
    { 993, SERVICE_IMAP, SECURITY_IMPLICIT, false },
    { 143, SERVICE_IMAP, SECURITY_STARTTLS, false },
    { 995, SERVICE_POP3, SECURITY_IMPLICIT, false },
    { 110, SERVICE_POP3, SECURITY_STARTTLS, false },
};
const size_t port_use_count = sizeof port_uses / sizeof *port_uses;

/* Ports that providers offer beside the seven where a network blocks 587. No registry has them. */
static const struct port_use customary[] = {
    { 2525, SERVICE_SMTP, SECURITY_STARTTLS, false },
};

const struct port_use *port_use_find(int port)
{
    for (size_t i = 0; i < port_use_count; i++)
        if (port_uses[i].port == port)
            return &port_uses[i];
    return NULL;
}

const struct port_use *port_use_assume(int port)
{
    for (size_t i = 0; i < sizeof customary / sizeof *customary; i++)
        if (customary[i].port == port)
            return &customary[i];
    return port_use_find(port);
}
