#include "probes/dialogue_log.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>

struct entry {
    struct dialogue_row row; /* its line is not set: text may move while the queue grows */
    size_t at, size;         /* in text */
};

struct dialogue_log {
    struct entry *entries;
    size_t count, capacity;
    size_t next;  /* the entry to be taken */
    size_t taken; /* bytes of a HEARD or SAID entry that were taken */
    struct buffer text;
};

struct dialogue_log *dialogue_log_new(void)
{
    struct dialogue_log *log = memory_new(sizeof *log);
    buffer_init(&log->text, SIZE_MAX / 4); /* bounded by what the driver feeds between two takes */
    return log;
}

void dialogue_log_free(struct dialogue_log *log)
{
    if (!log)
        return;
    buffer_done(&log->text);
    free(log->entries);
    free(log);
}

void dialogue_log_add(struct dialogue_log *log, const struct dialogue_row *row, struct bytes before,
                      struct bytes text)
{
    if (log->count == log->capacity) {
        log->capacity = log->capacity ? log->capacity * 2 : 16;
        log->entries = memory_resize(log->entries, log->capacity * sizeof *log->entries);
    }
    log->entries[log->count++] = (struct entry) {
        .row = *row,
        .at = buffer_size(&log->text),
        .size = before.size + text.size,
    };
    buffer_append(&log->text, before.data, before.size);
    buffer_append(&log->text, text.data, text.size);
}

/* What is more than a line, a reply or a message, is taken line by line. */
static void next_line(struct dialogue_log *log, struct bytes text, struct bytes *ret_line)
{
    struct bytes rest = text;
    if (log->taken) {
        rest.data += log->taken;
        rest.size -= log->taken;
    }
    text_next_line(&rest, ret_line);
    log->taken = text.size - rest.size;
    if (rest.size)
        return;
    log->taken = 0;
    log->next++;
}

bool dialogue_log_take(struct dialogue_log *log, struct dialogue_row *ret_row)
{
    if (log->next == log->count) {
        log->next = log->count = 0;
        buffer_clear(&log->text);
        return false;
    }
    const struct entry *entry = &log->entries[log->next];
    struct bytes text = buffer_bytes(&log->text);
    text =
        entry->size ? (struct bytes) { text.data + entry->at, entry->size } : (struct bytes) { 0 };
    *ret_row = entry->row;
    if (entry->row.kind == ROW_HEARD || entry->row.kind == ROW_SAID) {
        next_line(log, text, &ret_row->line);
    } else {
        ret_row->line = text;
        log->next++;
    }
    return true;
}
