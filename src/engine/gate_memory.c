#include "engine/gate_memory.h"

#include "base/arena.h"
#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file: a line "maildoctor-refused-2 SALT", then a line "TIME TAG HOST REPLY" for each refusal;
 * SALT and TAG in base64, REPLY escaped, so that a line end cannot be smuggled in. */
static const char header[] = "maildoctor-refused-2 ";

enum {
    SALT_SIZE = 16,
    ROUNDS =
        100000, /* about 50 ms: too slow to guess passwords with, quick enough to ask once a run */
    ENTRY_LIMIT = 256, /* newest ones are kept */
    REPLY_KEPT = 1024, /* bytes of the refusal */
    FILE_LIMIT = 1024 * 1024,
    TAG_TEXT = 64,
};

struct entry {
    int64_t at_s;
    const char *tag;
    const char *host;
    const char *reply;
};

struct memory {
    struct arena arena;
    int lock; /* descriptor that holds the lock, -1 none */
    const char *path;
    struct bytes salt;
    struct entry entries[ENTRY_LIMIT];
    size_t count;
};

void gate_memory_make_directory(const char *dir)
{
    char *path = memory_copy(dir);
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    mkdir(path, 0700);
    free(path);
}

static void read_entry(struct memory *m, struct bytes line, int64_t now_s)
{
    char *text = arena_format(&m->arena, "%.*s", (int)line.size, line.data);
    char *tag = strchr(text, ' ');
    char *host = tag ? strchr(tag + 1, ' ') : NULL;
    char *reply = host ? strchr(host + 1, ' ') : NULL;
    if (!reply || m->count == ENTRY_LIMIT)
        return;
    *tag++ = '\0';
    *host++ = '\0';
    *reply++ = '\0';
    int64_t at_s = strtoll(text, NULL, 10);
    /* A time in the future is a clock that was set back: such an entry would never end. */
    if (at_s > now_s || now_s - at_s >= GATE_MEMORY_SECONDS)
        return;
    m->entries[m->count++] =
        (struct entry) { .at_s = at_s, .tag = tag, .host = host, .reply = reply };
}

static void read_file(struct memory *m, int fd, int64_t now_s)
{
    struct buffer file, salt;
    buffer_init(&file, FILE_LIMIT);
    buffer_init(&salt, 2 * SALT_SIZE);
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        buffer_append(&file, chunk, (size_t)n);
    struct bytes rest = buffer_bytes(&file), line;
    if (text_next_line(&rest, &line) && text_starts_fold(line, header)) {
        struct bytes encoded = { line.data + sizeof header - 1, line.size - (sizeof header - 1) };
        if (crypto_base64_decode(&salt, encoded) && buffer_size(&salt) == SALT_SIZE) {
            m->salt = arena_copy_bytes(&m->arena, buffer_bytes(&salt));
            while (text_next_line(&rest, &line))
                read_entry(m, line, now_s);
        }
    }
    buffer_done(&salt);
    buffer_done(&file);
}

static void memory_close(struct memory *m)
{
    if (m->lock >= 0)
        close(m->lock);
    arena_done(&m->arena);
    free(m);
}

/* NULL when there is no such file (WRITE: when it cannot be made). Locked until memory_close(). */
static struct memory *memory_open(const char *dir, bool write, int64_t now_s)
{
    struct memory *m = memory_new(sizeof *m);
    m->path = arena_format(&m->arena, "%s/refused", dir);
    if (write)
        gate_memory_make_directory(dir);
    /* The lock is a file of its own: the other one is replaced, not rewritten. */
    m->lock = open(arena_format(&m->arena, "%s.lock", m->path),
                   O_RDWR | O_CLOEXEC | (write ? O_CREAT : 0), 0600);
    if (m->lock < 0 || flock(m->lock, LOCK_EX) != 0) {
        memory_close(m);
        return NULL;
    }
    int fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        read_file(m, fd, now_s);
        close(fd);
    }
    if (!m->salt.size && write) {
        char salt[SALT_SIZE];
        crypto_random(salt, sizeof salt);
        m->salt = arena_copy_bytes(&m->arena, (struct bytes) { salt, sizeof salt });
    }
    return m;
}

static const char *encode(struct memory *m, struct bytes bytes)
{
    struct buffer text;
    buffer_init(&text, 2 * bytes.size + 8);
    crypto_base64_encode(&text, bytes);
    const char *copy = arena_copy_bytes(&m->arena, buffer_bytes(&text)).data;
    buffer_done(&text);
    return copy;
}

static const char *tag_of(struct memory *m, const char *user, const struct secret *password)
{
    struct buffer salted;
    buffer_init(&salted, 4096);
    buffer_append(&salted, m->salt.data, m->salt.size);
    buffer_append_text(&salted, user);
    uint8_t tag[CRYPTO_TAG_SIZE];
    crypto_derive(secret_bytes(password), buffer_bytes(&salted), ROUNDS, tag);
    buffer_done(&salted);
    return encode(m, (struct bytes) { (const char *)tag, sizeof tag });
}

/* The index of TAG's entry, or m->count. */
static size_t find(const struct memory *m, const char *tag)
{
    size_t i = 0;
    while (i < m->count && strcmp(m->entries[i].tag, tag) != 0)
        i++;
    return i;
}

static bool memory_save(struct memory *m)
{
    struct buffer file;
    buffer_init(&file, FILE_LIMIT);
    buffer_format(&file, "%s%s\n", header, encode(m, m->salt));
    for (size_t i = 0; i < m->count; i++)
        buffer_format(&file, "%" PRId64 " %s %s %s\n", m->entries[i].at_s, m->entries[i].tag,
                      m->entries[i].host, m->entries[i].reply);
    const char *draft = arena_format(&m->arena, "%s.new", m->path);
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct bytes bytes = buffer_bytes(&file);
    bool ok = fd >= 0 && write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    ok = ok && rename(draft, m->path) == 0;
    buffer_done(&file);
    return ok;
}

bool gate_memory_find(const char *dir, const char *user, const struct secret *password,
                      int64_t now_s, char **ret_host, struct buffer *ret_reply)
{
    struct memory *m = dir ? memory_open(dir, false, now_s) : NULL;
    if (!m)
        return false;
    bool found = false;
    if (m->count) { /* the tag costs 50 ms: not for an empty list */
        size_t at = find(m, tag_of(m, user, password));
        found = at < m->count;
        if (found) {
            *ret_host = memory_copy(m->entries[at].host);
            text_unescape(ret_reply, m->entries[at].reply);
        }
    }
    memory_close(m);
    return found;
}

bool gate_memory_add(const char *dir, const char *user, const struct secret *password,
                     int64_t now_s, const char *host, struct bytes reply)
{
    struct memory *m = dir ? memory_open(dir, true, now_s) : NULL;
    if (!m)
        return false;
    struct buffer escaped;
    buffer_init(&escaped, 4 * REPLY_KEPT + 1);
    if (reply.size > REPLY_KEPT)
        reply.size = REPLY_KEPT;
    text_escape(&escaped, reply);
    const char *tag = tag_of(m, user, password);
    size_t at = find(m, tag);
    if (at == ENTRY_LIMIT) { /* full: the oldest goes */
        memmove(m->entries, m->entries + 1, (ENTRY_LIMIT - 1) * sizeof *m->entries);
        m->count--;
        at = m->count;
    }
    if (at == m->count)
        m->count++;
    m->entries[at] = (struct entry) {
        .at_s = now_s,
        .tag = tag,
        .host = arena_copy(&m->arena, host),
        .reply = arena_copy_bytes(&m->arena, buffer_bytes(&escaped)).data,
    };
    buffer_done(&escaped);
    bool saved = memory_save(m);
    memory_close(m);
    return saved;
}

void gate_memory_remove(const char *dir, const char *user, const struct secret *password,
                        int64_t now_s)
{
    struct memory *m = dir ? memory_open(dir, false, now_s) : NULL;
    if (!m)
        return;
    size_t at = m->count ? find(m, tag_of(m, user, password)) : m->count;
    if (at < m->count) {
        m->entries[at] = m->entries[--m->count];
        memory_save(m);
    }
    memory_close(m);
}
