#include "command/serve_listener.h"

#include "base/memory.h"
#include "command/input.h"
#include "command/secret_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_LIMIT = 1024 * 1024 };

/* Appends PATH's bytes and a terminator. */
static bool read_pem(const char *path, struct buffer *out, char **ret_error)
{
    int error = input_read_file(path, out);
    buffer_append(out, "", 1);
    if (out->overflow)
        error = EFBIG;
    if (!error)
        return true;
    char *quoted = options_quote(path);
    *ret_error = memory_format("cannot read %s: %s", quoted,
                               error == EFBIG ? "it is larger than 1 MiB" : strerror(error));
    free(quoted);
    return false;
}

static bool read_key(struct serve_listener *listener, const char *path, char **ret_error)
{
    struct buffer key;
    buffer_init(&key, PEM_LIMIT);
    bool good = read_pem(path, &key, ret_error);
    if (good) {
        struct bytes bytes = buffer_bytes(&key);
        bytes.size--; /* the terminator */
        listener->key = secret_new(bytes);
        good = listener->key != NULL;
        if (!good)
            *ret_error = memory_copy("the key of --tls-key is longer than 16384 bytes");
    }
    buffer_done(&key);
    return good;
}

static bool read_login(struct serve_listener *listener, const char *path, char **ret_error)
{
    const struct secret_source source = { .what = "login", .environment = "", .file = path };
    if (!secret_source_read(&source, &listener->login, ret_error))
        return false;
    struct bytes bytes = secret_bytes(listener->login);
    if (memchr(bytes.data, ':', bytes.size))
        return true;
    *ret_error = memory_copy("--login-file holds USER:PASSWORD, with a colon between them");
    return false;
}

bool serve_listener_read(struct serve_listener *listener, const struct serve_settings *s,
                         char **ret_error)
{
    *listener = (struct serve_listener) { .key = NULL };
    buffer_init(&listener->certificate, PEM_LIMIT);
    buffer_init(&listener->client_ca, PEM_LIMIT);
    return (!s->certificate || read_pem(s->certificate, &listener->certificate, ret_error)) &&
           (!s->client_ca || read_pem(s->client_ca, &listener->client_ca, ret_error)) &&
           (!s->key || read_key(listener, s->key, ret_error)) &&
           (!s->login_file || read_login(listener, s->login_file, ret_error));
}

void serve_listener_done(struct serve_listener *listener)
{
    buffer_done(&listener->certificate);
    buffer_done(&listener->client_ca);
    secret_free(listener->key);
    secret_free(listener->login);
    *listener = (struct serve_listener) { .key = NULL };
}

struct web_identity serve_listener_identity(const struct serve_listener *listener)
{
    bool knows_clients = buffer_size(&listener->client_ca);
    return (struct web_identity) {
        .certificate = listener->key ? buffer_bytes(&listener->certificate).data : NULL,
        .key = listener->key,
        .client_ca = knows_clients ? buffer_bytes(&listener->client_ca).data : NULL,
    };
}

static bool is_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool serve_listener_is_same(const struct serve_listener *a, const struct serve_listener *b)
{
    return is_equal(buffer_bytes(&a->certificate), buffer_bytes(&b->certificate)) &&
           is_equal(buffer_bytes(&a->client_ca), buffer_bytes(&b->client_ca)) &&
           (!a->key || is_equal(secret_bytes(a->key), secret_bytes(b->key)));
}
