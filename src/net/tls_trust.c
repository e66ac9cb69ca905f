#include "base/memory.h"
#include "net/tls_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUNDLE_LIMIT = 16 * 1024 * 1024 }; /* bytes; the system's bundle has about 220 KB */

/* All of PATH; NULL, with errno, when it cannot be read or is longer than the limit. Release the
 * data with free(). */
static char *read_whole(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    size_t size = 0, capacity = 64 * 1024;
    char *data = memory_new(capacity);
    int error = 0;
    while (!error && !feof(file)) {
        size += fread(data + size, 1, capacity - size, file);
        if (ferror(file))
            error = errno;
        else if (size > BUNDLE_LIMIT)
            error = EFBIG;
        else if (size == capacity)
            data = memory_resize(data, capacity *= 2);
    }
    fclose(file);
    if (error) {
        free(data);
        errno = error;
        return NULL;
    }
    *ret_size = size;
    return data;
}

/* How many roots PATH added; -1, with errno, when it cannot be read. */
static int add_file(gnutls_certificate_credentials_t credentials, const char *path)
{
    size_t size = 0;
    char *data = read_whole(path, &size);
    if (!data)
        return -1;
    gnutls_datum_t pem = { .data = (unsigned char *)data, .size = (unsigned)size };
    int added =
        size ? gnutls_certificate_set_x509_trust_mem(credentials, &pem, GNUTLS_X509_FMT_PEM) : 0;
    free(data);
    return added > 0 ? added : 0;
}

/* GnuTLS knows where the system it was built for keeps its roots. A binary that was carried
 * elsewhere looks where the others have theirs. */
static int add_system(gnutls_certificate_credentials_t credentials)
{
    static const char *const bundles[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Alpine */
        "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL 7 */
        "/var/lib/ca-certificates/ca-bundle.pem",            /* openSUSE */
        "/etc/ssl/ca-bundle.pem",                            /* older openSUSE */
        "/etc/ssl/cert.pem",                                 /* Alpine, macOS, OpenBSD */
        "/usr/local/share/certs/ca-root-nss.crt",            /* FreeBSD */
    };
    int added = gnutls_certificate_set_x509_system_trust(credentials);
    for (size_t i = 0; added <= 0 && i < sizeof bundles / sizeof *bundles; i++)
        added = add_file(credentials, bundles[i]);
    return added > 0 ? added : 0;
}

struct tls_trust *tls_trust_load(const struct tls_trust_options *options, char **ret_error)
{
    struct tls_trust *trust = memory_new(sizeof *trust);
    gnutls_certificate_allocate_credentials(&trust->credentials);
    if (options->ca_file) {
        errno = 0;
        int added = add_file(trust->credentials, options->ca_file);
        if (added <= 0) {
            *ret_error =
                added < 0 ? memory_format("%s: %s", options->ca_file, strerror(errno))
                          : memory_format("%s: no certificate in PEM form in it", options->ca_file);
            tls_trust_free(trust);
            return NULL;
        }
        trust->count += added;
    }
    if (options->system)
        trust->count += add_system(trust->credentials);
    return trust;
}

void tls_trust_free(struct tls_trust *trust)
{
    if (!trust)
        return;
    gnutls_certificate_free_credentials(trust->credentials);
    free(trust);
}

int tls_trust_count(const struct tls_trust *trust)
{
    return trust->count;
}
