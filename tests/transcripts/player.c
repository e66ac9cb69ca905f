/* Plays transcripts at every chunk size from 1 to 64 and all at once; speaks TAP. */
#include "base/memory.h"
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_MAX = 64, FILE_LIMIT = 1 << 20 };

static bool read_file(const char *path, struct buffer *out)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    char part[4096];
    size_t size;
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        buffer_append(out, part, size);
    bool ok = !ferror(file) && !out->overflow;
    fclose(file);
    return ok;
}

static bool play_file(const char *path, struct buffer *ret_error)
{
    struct buffer text;
    buffer_init(&text, FILE_LIMIT);
    bool ok = read_file(path, &text);
    if (!ok)
        buffer_append_text(ret_error, "cannot be read");
    for (size_t chunk = 0; ok && chunk <= CHUNK_MAX; chunk++)
        ok = transcript_play(buffer_bytes(&text), chunk, ret_error);
    buffer_done(&text);
    return ok;
}

int main(int argc, char **argv)
{
    int failed = 0;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        struct buffer error;
        buffer_init(&error, FILE_LIMIT);
        bool ok = play_file(argv[i], &error);
        const char *slash = strrchr(argv[i], '/');
        printf("%sok %d - %s\n", ok ? "" : "not ", i, slash ? slash + 1 : argv[i]);
        struct bytes words = buffer_bytes(&error);
        if (!ok)
            printf("# %.*s\n", (int)words.size, words.data);
        failed += !ok;
        buffer_done(&error);
    }
    return failed ? 1 : 0;
}
