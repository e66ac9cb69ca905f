#include "simulate/simulator.h"

#include "base/clock.h"
#include "base/memory.h"
#include "simulate/accounts.h"
#include "simulate/authority.h"
#include "simulate/dns_server.h"
#include "simulate/folder.h"
#include "simulate/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY = 86400, DNS_PORT = 53, HTTPS_PORT = 443, ATTEMPTS = 50 };

struct simulator {
    struct sim_host host;
    struct sim_facts facts;
    struct sim_accounts accounts;
    struct sim_folder folder;
    struct tls_authority *authority, *stranger; /* a root that nobody is told of */
    struct tls_identity *identity, *authority_identity;
    struct sim_authority *token_authority;
    struct net_address addresses[SIM_LISTEN_LIMIT];
    size_t address_count;
    char published[EVIDENCE_ADDRESS_SIZE];
    struct sim_listener listeners[SIM_LISTEN_LIMIT][SIM_PORT_COUNT];
    struct sim_dns_server *dns[SIM_LISTEN_LIMIT];
    struct sim_dns_addresses dns_addresses;
    uint8_t v4[SIM_LISTEN_LIMIT][4], v6[SIM_LISTEN_LIMIT][16];
};

/* ---- where to listen ---- */

static bool any_address(const struct net_address *address)
{
    char text[EVIDENCE_ADDRESS_SIZE];
    net_address_text(address, text);
    return strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0;
}

static void add_address(struct simulator *simulator, const char *text)
{
    struct net_address address;
    char other[EVIDENCE_ADDRESS_SIZE];
    bool known = !net_address_parse(&address, text, 0);
    for (size_t i = 0; i < simulator->address_count; i++) {
        const struct net_address *have = &simulator->addresses[i];
        bool covered =
            any_address(have) && net_address_family(have) == net_address_family(&address);
        known = known || covered || strcmp(net_address_text(have, other), text) == 0;
    }
    if (!known)
        simulator->addresses[simulator->address_count++] = address;
}

static bool has_ipv6(void)
{
    struct net_address address;
    net_address_parse(&address, "::1", 0);
    int fd = sim_bind(&address, SOCK_STREAM);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool choose_addresses(struct simulator *simulator, const struct sim_options *options,
                             char **ret_error)
{
    struct net_address address;
    if (options->listen && !net_address_parse(&address, options->listen, 0)) {
        *ret_error = memory_format("'%s' is no numeric address to listen on", options->listen);
        return false;
    }
    if (options->listen)
        add_address(simulator, options->listen);
    add_address(simulator, "127.0.0.1");
    if (options->scenario->ipv6 && has_ipv6())
        add_address(simulator, "::1");
    const struct net_address *first = &simulator->addresses[0];
    if (any_address(first))
        strcpy(simulator->published, net_address_family(first) == 6 ? "::1" : "127.0.0.1");
    else
        net_address_text(first, simulator->published);
    return true;
}

/* The name server hands out where we listen. */
static void note_dns_addresses(struct simulator *simulator)
{
    size_t v4 = 0, v6 = 0;
    for (size_t i = 0; i < simulator->address_count; i++) {
        struct net_address address = simulator->addresses[i];
        bool six = net_address_family(&address) == 6;
        if (any_address(&address))
            net_address_parse(&address, six ? "::1" : "127.0.0.1", 0);
        if (six) {
            const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&address.storage;
            memcpy(simulator->v6[v6++], &in->sin6_addr, 16);
        } else {
            const struct sockaddr_in *in = (const struct sockaddr_in *)&address.storage;
            memcpy(simulator->v4[v4++], &in->sin_addr, 4);
        }
    }
    simulator->dns_addresses = (struct sim_dns_addresses) {
        .v4 = (const uint8_t(*)[4])simulator->v4,
        .v4_count = v4,
        .v6 = (const uint8_t(*)[16])simulator->v6,
        .v6_count = v6,
    };
}

/* ---- sockets: the same port on every address ---- */

static struct net_address at_port(const struct net_address *address, int port)
{
    char text[EVIDENCE_ADDRESS_SIZE];
    struct net_address with_port;
    net_address_parse(&with_port, net_address_text(address, text), port);
    return with_port;
}

static int bound_port(int fd)
{
    struct net_address address = { .size = sizeof address.storage };
    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.size) < 0)
        return 0;
    return net_address_port(&address);
}

static void close_all(int fds[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

/* Binds COUNT sockets of the TYPES on every address to one port: PORT, or a free one for 0. The
 * descriptors go to FDS, address by address. The port; 0 with errno. */
static int bind_everywhere(const struct simulator *simulator, const int types[], size_t count,
                           int port, int fds[])
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int chosen = port;
        size_t done = 0, wanted = simulator->address_count * count;
        for (; done < wanted; done++) {
            struct net_address address = at_port(&simulator->addresses[done / count], chosen);
            fds[done] = sim_bind(&address, types[done % count]);
            if (fds[done] < 0)
                break;
            chosen = chosen ? chosen : bound_port(fds[done]);
        }
        if (done == wanted)
            return chosen;
        int error = errno;
        close_all(fds, done);
        errno = error;
        /* A port that is free on one address may be taken on the next, or for the other type. */
        if (port || error != EADDRINUSE)
            return 0;
    }
    return 0;
}

static bool open_port(struct simulator *simulator, int port_index, int base)
{
    static const int types[] = { SOCK_STREAM };
    int fds[SIM_LISTEN_LIMIT] = { 0 };
    int wanted = base ? base + sim_ports[port_index].number : 0;
    int port = bind_everywhere(simulator, types, 1, wanted, fds);
    bool open = port;
    for (size_t i = 0; port && i < simulator->address_count; i++) {
        struct sim_listener *listener = &simulator->listeners[i][port_index];
        open = sim_listener_open(listener, &simulator->host, port_index, fds[i]) && open;
    }
    simulator->facts.ports[port_index] = port ? port : wanted;
    return open;
}

static bool open_dns(struct simulator *simulator, int base)
{
    static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
    int fds[2 * SIM_LISTEN_LIMIT];
    int wanted = base ? base + DNS_PORT : 0;
    int port = bind_everywhere(simulator, types, 2, wanted, fds);
    bool open = port;
    for (size_t i = 0; port && i < simulator->address_count; i++) {
        simulator->dns[i] =
            sim_dns_server_start(simulator->host.loop, simulator->host.scenario,
                                 &simulator->dns_addresses, fds[2 * i], fds[2 * i + 1]);
        open = open && simulator->dns[i];
    }
    simulator->facts.dns_port = port ? port : wanted;
    return open;
}

/* Its certificate is always good: faults of the mail servers are none of its. */
static bool open_authority(struct simulator *simulator, int base)
{
    static const int types[] = { SOCK_STREAM };
    int64_t now = clock_real_ns() / 1000000000;
    const struct tls_identity_options identity = {
        .names = sim_authority_names,
        .not_before = now - DAY,
        .not_after = now + 300 * DAY,
    };
    int fds[SIM_LISTEN_LIMIT] = { 0 };
    int wanted = base ? base + HTTPS_PORT : 0;
    int port = bind_everywhere(simulator, types, 1, wanted, fds);
    simulator->facts.authority_port = port ? port : wanted;
    if (!port)
        return false;
    simulator->authority_identity = tls_identity_issue(simulator->authority, &identity);
    const struct sim_authority_options options = {
        .loop = simulator->host.loop,
        .identity = simulator->authority_identity,
        .accounts = &simulator->accounts,
        .fds = fds,
        .fd_count = simulator->address_count,
    };
    simulator->token_authority = sim_authority_start(&options);
    return simulator->token_authority;
}

static bool open_sockets(struct simulator *simulator, int base, char **ret_error)
{
    int index = 0;
    while (index < SIM_PORT_COUNT && open_port(simulator, index, base))
        index++;
    bool names = index == SIM_PORT_COUNT && open_dns(simulator, base);
    if (names && open_authority(simulator, base))
        return true;
    int port = index < SIM_PORT_COUNT ? simulator->facts.ports[index]
               : names                ? simulator->facts.authority_port
                                      : simulator->facts.dns_port;
    *ret_error =
        port ? memory_format("cannot listen on port %d of %s: %s", port, simulator->published,
                             strerror(errno))
             : memory_format("cannot listen on %s: %s", simulator->published, strerror(errno));
    return false;
}

/* ---- certificates, accounts, files ---- */

static bool make_identity(struct simulator *simulator, int64_t now, char **ret_error)
{
    static const char *const wrong[] = { "www.example.net", "example.net", NULL };
    const struct sim_scenario *scenario = simulator->host.scenario;
    struct tls_identity_options options = {
        .names = scenario->persona->certificate_names,
        .not_before = now - 30 * DAY,
        .not_after = now + 300 * DAY,
    };
    switch (scenario->certificate) {
    case SIM_CERTIFICATE_GOOD:
    case SIM_CERTIFICATE_UNTRUSTED:
    case SIM_CERTIFICATE_INSPECTED:
        break;
    case SIM_CERTIFICATE_EXPIRED:
        options.not_before = now - 400 * DAY;
        options.not_after = now - 10 * DAY;
        break;
    case SIM_CERTIFICATE_NOT_YET_VALID:
        options.not_before = now + 5 * DAY;
        break;
    case SIM_CERTIFICATE_WRONG_NAME:
        options.names = wrong;
        break;
    case SIM_CERTIFICATE_SELF_SIGNED:
        options.self_signed = true;
        break;
    case SIM_CERTIFICATE_WEAK:
        options.rsa_bits = 1024;
        break;
    }
    bool inspected = scenario->certificate == SIM_CERTIFICATE_INSPECTED;
    bool strange = inspected || scenario->certificate == SIM_CERTIFICATE_UNTRUSTED;
    simulator->authority = tls_authority_new("Simulated Mail Root");
    simulator->stranger = strange ? tls_authority_new(inspected ? "Avast Web/Mail Shield Root"
                                                                : "Somebody's Private Root")
                                  : NULL;
    if (simulator->authority && (simulator->stranger || !strange))
        simulator->identity =
            tls_identity_issue(strange ? simulator->stranger : simulator->authority, &options);
    simulator->host.identity = simulator->identity;
    if (!simulator->identity)
        *ret_error = memory_copy("GnuTLS makes no certificate as this scenario needs it");
    return simulator->identity;
}

static bool write_files(struct simulator *simulator, const char *directory, char **ret_error)
{
    struct sim_folder *folder = &simulator->folder;
    enum sim_login login = simulator->host.scenario->login;
    bool written = sim_folder_open(folder, directory, ret_error) &&
                   sim_folder_write(folder, "ca.pem", tls_authority_pem(simulator->authority),
                                    false, &folder->ca_file, ret_error) &&
                   sim_folder_write(folder, "client-secret", simulator->accounts.client_secret,
                                    true, &folder->client_secret_file, ret_error);
    if (written && login == SIM_LOGIN_PASSWORD)
        written = sim_folder_write(folder, "password", simulator->accounts.password, true,
                                   &folder->password_file, ret_error);
    if (written && login == SIM_LOGIN_WRONG_PASSWORD) {
        char *wrong = sim_password_new();
        written =
            sim_folder_write(folder, "password", wrong, true, &folder->password_file, ret_error);
        free(wrong);
    }
    if (written && login == SIM_LOGIN_TOKEN)
        written = sim_folder_write(folder, "token", simulator->accounts.token, true,
                                   &folder->token_file, ret_error);
    return written;
}

static void note_facts(struct simulator *simulator)
{
    const struct sim_scenario *scenario = simulator->host.scenario;
    struct sim_facts *facts = &simulator->facts;
    facts->scenario = scenario;
    facts->user = scenario->login == SIM_LOGIN_NONE ? NULL : simulator->accounts.user;
    facts->password_file = simulator->folder.password_file;
    facts->token_file = simulator->folder.token_file;
    facts->client_secret_file = simulator->folder.client_secret_file;
    facts->ca_file = simulator->folder.ca_file;
    facts->directory = simulator->folder.path;
    facts->address = simulator->published;
    facts->through_dns = scenario->dns_fault != SIM_DNS_GOOD &&
                         scenario->dns_fault != SIM_DNS_TRUNCATED &&
                         scenario->dns_fault != SIM_DNS_TCP_ONLY;
}

struct simulator *simulator_start(struct loop *loop, const struct sim_options *options,
                                  char **ret_error)
{
    int64_t now = clock_real_ns() / 1000000000;
    if (options->port_base < 0 || options->port_base > SIM_PORT_BASE_LIMIT) {
        *ret_error = memory_format("the port base must be 0 to %d", SIM_PORT_BASE_LIMIT);
        return NULL;
    }
    struct simulator *simulator = memory_new(sizeof *simulator);
    simulator->host = (struct sim_host) {
        .loop = loop,
        .scenario = options->scenario,
        .accounts = &simulator->accounts,
        .store = sim_store_new(options->scenario, options->delay_scale),
        .delay_scale = options->delay_scale,
    };
    sim_accounts_make(&simulator->accounts, options->scenario->persona, options->scenario->token,
                      now);
    bool started = choose_addresses(simulator, options, ret_error);
    if (started) {
        note_dns_addresses(simulator);
        started = make_identity(simulator, now, ret_error) &&
                  open_sockets(simulator, options->port_base, ret_error) &&
                  write_files(simulator, options->directory, ret_error);
    }
    if (started) {
        note_facts(simulator);
        return simulator;
    }
    simulator_stop(simulator);
    return NULL;
}

void simulator_stop(struct simulator *simulator)
{
    if (!simulator)
        return;
    sim_connections_end(&simulator->host);
    for (size_t i = 0; i < simulator->address_count; i++) {
        sim_dns_server_stop(simulator->dns[i]);
        for (int port = 0; port < SIM_PORT_COUNT; port++)
            sim_listener_close(&simulator->listeners[i][port]);
    }
    sim_authority_stop(simulator->token_authority);
    tls_identity_free(simulator->authority_identity);
    tls_identity_free(simulator->identity);
    tls_authority_free(simulator->authority);
    tls_authority_free(simulator->stranger);
    sim_folder_close(&simulator->folder);
    sim_accounts_done(&simulator->accounts);
    sim_store_free(simulator->host.store);
    free(simulator);
}

const struct sim_facts *simulator_facts(const struct simulator *simulator)
{
    return &simulator->facts;
}
