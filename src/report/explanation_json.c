/* Written by hand rather than through a tree: one answer a line, many thousand lines a second. */
#include "base/memory.h"
#include "base/stage.h"
#include "base/text.h"
#include "report/explanation.h"
#include "result/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- strings ---- */

static void append_unicode(struct buffer *out, unsigned value)
{
    if (value >= 0x10000) {
        append_unicode(out, 0xd800 + ((value - 0x10000) >> 10));
        append_unicode(out, 0xdc00 + ((value - 0x10000) & 0x3ff));
        return;
    }
    buffer_format(out, "\\u%04x", value);
}

/* The value of a well-formed character of LENGTH bytes. */
static unsigned character(const char *text, size_t length)
{
    unsigned value = (unsigned char)*text & (length == 1 ? 0x7fU : 0x7fU >> length);
    for (size_t i = 1; i < length; i++)
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    return value;
}

/* TEXT, already harmless, between quotes (RFC 8259 section 7). */
static void append_quoted(struct buffer *out, struct bytes text, bool ascii)
{
    buffer_append(out, "\"", 1);
    size_t start = 0, at = 0;
    while (at < text.size) {
        unsigned char c = (unsigned char)text.data[at];
        if (c != '"' && c != '\\' && c >= ' ' && (c < 0x80 || !ascii)) {
            at++;
            continue;
        }
        buffer_append(out, text.data + start, at - start);
        size_t length =
            c < 0x80 ? 1 : text_utf8_length((struct bytes) { text.data + at, text.size - at });
        length = length ? length : 1;
        if (c == '"' || c == '\\')
            buffer_append(out, c == '"' ? "\\\"" : "\\\\", 2);
        else
            append_unicode(out, character(text.data + at, length));
        start = at += length;
    }
    buffer_append(out, text.data + start, at - start);
    buffer_append(out, "\"", 1);
}

static bool is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < ' ' || text.data[i] == 0x7f || text.data[i] == '\\')
            return false; /* bytes past 0x7f are below ' ' where char is signed */
    return true;
}

/* Anybody's bytes, escaped without loss. */
static void append_peer(struct buffer *out, struct bytes text, bool ascii)
{
    if (is_plain(text)) {
        append_quoted(out, text, ascii);
        return;
    }
    struct buffer escaped;
    buffer_init(&escaped, SIZE_MAX / 2);
    text_escape(&escaped, text);
    append_quoted(out, buffer_bytes(&escaped), ascii);
    buffer_done(&escaped);
}

/* Our own words; NULL is null. */
static void append_own(struct buffer *out, const char *text, bool ascii)
{
    if (!text) {
        buffer_append_text(out, "null");
        return;
    }
    struct buffer escaped;
    buffer_init(&escaped, SIZE_MAX / 2);
    escape_words(&escaped, text_bytes(text));
    append_quoted(out, buffer_bytes(&escaped), ascii);
    buffer_done(&escaped);
}

/* A word of a vocabulary; none is null. */
static void append_word(struct buffer *out, const char *name, const char *word)
{
    buffer_format(out, ",\"%s\":", name);
    append_own(out, word && *word ? word : NULL, false);
}

static void append_list(struct buffer *out, const char *name, const struct strings *list,
                        bool ascii)
{
    buffer_format(out, ",\"%s\":[", name);
    for (size_t i = 0; i < list->count; i++) {
        buffer_append_text(out, i ? "," : "");
        append_own(out, list->items[i], ascii);
    }
    buffer_append_text(out, "]");
}

/* ---- members ---- */

static void append_candidates(struct buffer *out, const struct explained *explained, bool full,
                              bool ascii)
{
    buffer_append_text(out, ",\"candidates\":[");
    for (size_t i = 0; i < explained->candidate_count; i++) {
        const struct explained_candidate *candidate = &explained->candidates[i];
        buffer_format(out, "%s{\"class\":\"%s\",\"confidence\":\"%s\"", i ? "," : "",
                      candidate->class_id, confidence_name(candidate->confidence));
        if (full) {
            buffer_append_text(out, ",\"title\":");
            append_own(out, candidate->title, ascii);
            buffer_append_text(out, ",\"for\":");
            append_own(out, candidate->in_favour, ascii);
            buffer_append_text(out, ",\"against\":");
            append_own(out, candidate->against, ascii);
        }
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}

/* What both forms say of a class, from "class" on. */
static void append_class(struct buffer *out, const struct explained *explained, bool full,
                         bool ascii)
{
    bool known = explained->class_id != NULL;
    append_word(out, "class", known ? explained->class_id : "unknown");
    append_word(out, "confidence", confidence_name(explained->confidence));
    append_word(out, "stage", explained->stage == STAGE_NONE ? NULL : stage_name(explained->stage));
    append_word(out, "owner", owner_name(explained->owner));
    buffer_append_text(out, ",\"title\":");
    append_own(out, explained->title, ascii);
    append_list(out, "fix", &explained->fix, ascii);
    append_candidates(out, explained, full, ascii);
}

static void append_line(struct buffer *out, const struct explanation *explanation, bool ascii)
{
    buffer_append_text(out, "{\"line\":");
    append_peer(out, explanation->line, ascii);
}

/* ---- one line an object ---- */

void explanation_tails_done(struct explanation_tails *tails)
{
    for (size_t i = 0; i < tails->count; i++)
        free((char *)tails->items[i].data);
    free(tails->items);
    *tails = (struct explanation_tails) { 0 };
}

static struct bytes make_tail(const struct explained *explained, bool ascii)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX / 2);
    append_class(&text, explained, false, ascii);
    struct bytes bytes = buffer_bytes(&text);
    char *kept = memory_new(bytes.size + 1);
    memcpy(kept, bytes.data, bytes.size);
    buffer_done(&text);
    return (struct bytes) { kept, bytes.size };
}

static struct bytes tail_of(struct explanation_tails *tails, const struct explained *explained)
{
    if (explained->number >= tails->count) {
        size_t count = explained->number + 16;
        tails->items = memory_resize(tails->items, count * sizeof *tails->items);
        memset(tails->items + tails->count, 0, (count - tails->count) * sizeof *tails->items);
        tails->count = count;
    }
    struct bytes *tail = &tails->items[explained->number];
    if (!tail->data)
        *tail = make_tail(explained, tails->ascii);
    return *tail;
}

void explanation_ndjson(struct buffer *out, const struct explanation *explanation,
                        struct explanation_tails *tails)
{
    append_line(out, explanation, tails->ascii);
    struct bytes tail = tail_of(tails, explanation->explained);
    buffer_append(out, tail.data, tail.size);
    if (explanation->cut)
        buffer_format(out, ",\"cut_bytes\":%zu", explanation->cut);
    buffer_append_text(out, "}\n");
}

/* ---- one document ---- */

void explanation_json_begin(struct buffer *out, const char *catalogue_date)
{
    buffer_format(out,
                  "{\"schema_version\":1,\"tool\":{\"name\":\"maildoctor\",\"version\":\"%s\","
                  "\"catalogue_date\":\"%s\"},\"explanations\":[",
                  MAILDOCTOR_VERSION, catalogue_date);
}

void explanation_json(struct buffer *out, const struct explanation *explanation,
                      const struct report_options *options, bool first)
{
    const struct explained *explained = explanation->explained;
    bool known = explained->class_id != NULL, ascii = options->ascii;
    buffer_append_text(out, first ? "\n" : ",\n");
    append_line(out, explanation, ascii);
    append_class(out, explained, true, ascii);
    append_word(out, "severity", known ? severity_name(explained->severity) : NULL);
    append_word(out, "provider", explained->provider);
    buffer_append_text(out, ",\"words\":");
    append_peer(out, explanation->words, ascii);
    buffer_append_text(out, ",\"meaning\":");
    append_own(out, explained->meaning, ascii);
    buffer_append_text(out, ",\"distinguish\":");
    append_own(out, explained->distinguish, ascii);
    append_list(out, "commands", &explained->commands, ascii);
    append_list(out, "references", &explained->references, ascii);
    if (explanation->cut)
        buffer_format(out, ",\"cut_bytes\":%zu", explanation->cut);
    buffer_append_text(out, "}");
}

void explanation_json_end(struct buffer *out)
{
    buffer_append_text(out, "\n]}\n");
}
