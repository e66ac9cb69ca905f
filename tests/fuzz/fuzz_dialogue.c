/* The three mail protocols against a hostile server. An input is a transcript (see
 * tests/transcripts/transcript.h), of which only the header, what the server says and the events
 * count: so that bytes and events come in any order, and the transcripts are the seeds. What the
 * player asserts of every dialogue must hold, and cutting the bytes otherwise must change nothing.
 */
#include "transcript.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t chunks[] = { 0, 1, 7 };
    enum { COUNT = sizeof chunks / sizeof *chunks, STORY_LIMIT = 1 << 24 };
    struct bytes text = { (const char *)data, size }, first;
    struct buffer stories[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        buffer_init(&stories[i], STORY_LIMIT);
        transcript_wander(text, chunks[i], &stories[i]);
    }
    first = buffer_bytes(&stories[0]);
    for (size_t i = 1; i < COUNT; i++) {
        struct bytes other = buffer_bytes(&stories[i]);
        if (other.size != first.size || memcmp(other.data, first.data, first.size) != 0) {
            fprintf(stderr, "chunks of %zu change the outcome\n", chunks[i]);
            abort();
        }
    }
    for (size_t i = 0; i < COUNT; i++)
        buffer_done(&stories[i]);
    return 0;
}
