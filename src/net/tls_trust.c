#include "base/memory.h"
#include "net/tls_session.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    BUNDLE_LIMIT = 16 * 1024 * 1024, /* bytes; the system's bundle has about 220 KB */
    FOLDER_DEPTH = 3,
};

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

/* Roots in the files of FOLDER and of the folders in it, DEPTH deep. */
static void add_folder(struct tls_trust *trust, const char *folder, int depth)
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    while (entries && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = memory_format("%s/%s", folder, entry->d_name);
        struct stat facts;
        bool known = stat(path, &facts) == 0;
        if (known && S_ISDIR(facts.st_mode) && depth > 1)
            add_folder(trust, path, depth - 1);
        if (known && S_ISREG(facts.st_mode) && facts.st_size <= BUNDLE_LIMIT) {
            if (!trust->added)
                gnutls_x509_trust_list_init(&trust->added, 0);
            gnutls_x509_trust_list_add_trust_file(trust->added, path, NULL, GNUTLS_X509_FMT_PEM, 0,
                                                  0);
        }
        free(path);
    }
    if (entries)
        closedir(entries);
}

/* Where an administrator, or a product that inspects TLS, puts roots beside the public ones. */
static void note_added(struct tls_trust *trust, const char *folder)
{
    static const char *const folders[] = {
        "/usr/local/share/ca-certificates",          /* Debian, Alpine */
        "/etc/pki/ca-trust/source/anchors",          /* Fedora, RHEL */
        "/etc/ca-certificates/trust-source/anchors", /* Arch */
        "/etc/pki/trust/anchors",                    /* openSUSE */
    };
    for (size_t i = 0; !folder && i < sizeof folders / sizeof *folders; i++)
        add_folder(trust, folders[i], FOLDER_DEPTH);
    if (folder)
        add_folder(trust, folder, FOLDER_DEPTH);
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
    if (options->system) {
        trust->count += add_system(trust->credentials);
        note_added(trust, options->added);
    }
    return trust;
}

void tls_trust_free(struct tls_trust *trust)
{
    if (!trust)
        return;
    gnutls_certificate_free_credentials(trust->credentials);
    if (trust->added)
        gnutls_x509_trust_list_deinit(trust->added, 1);
    free(trust);
}

int tls_trust_count(const struct tls_trust *trust)
{
    return trust->count;
}
