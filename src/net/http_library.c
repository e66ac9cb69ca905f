#include "net/http_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The one that shares GnuTLS with us first, where a system has both. */
static const char *const files[] = { "libcurl-gnutls.so.4", "libcurl.so.4", "libcurl.4.dylib" };

#define MEMBER(name)                                                                               \
    {                                                                                              \
        "curl_" #name, offsetof(struct http_library, name)                                         \
    }
static const struct {
    const char *symbol;
    size_t offset;
} members[] = {
    MEMBER(easy_cleanup),        MEMBER(easy_getinfo),     MEMBER(easy_init),
    MEMBER(easy_setopt),         MEMBER(easy_strerror),    MEMBER(free),
    MEMBER(global_init),         MEMBER(multi_add_handle), MEMBER(multi_assign),
    MEMBER(multi_cleanup),       MEMBER(multi_info_read),  MEMBER(multi_init),
    MEMBER(multi_remove_handle), MEMBER(multi_setopt),     MEMBER(multi_socket_action),
    MEMBER(slist_append),        MEMBER(slist_free_all),   MEMBER(url),
    MEMBER(url_cleanup),         MEMBER(url_get),          MEMBER(url_set),
};
#undef MEMBER

static bool find_all(void *file, struct http_library *library)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        void *address = dlsym(file, members[i].symbol);
        if (!address)
            return false;
        /* POSIX: what dlsym() finds may be a function; C has no cast that says so. */
        memcpy((char *)library + members[i].offset, &address, sizeof address);
    }
    return true;
}

const struct http_library *http_library(void)
{
    static struct http_library library;
    static bool open;
    for (size_t i = 0; i < sizeof files / sizeof *files && !open; i++) {
        void *file = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
        open = file && find_all(file, &library);
    }
    return open ? &library : NULL;
}
