/* FETCH (RFC 3501 section 6.4.5). */
#include "base/text.h"
#include "simulate/imap_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_ITEMS = 20, ROOM = 4096 /* for a line of small items */ };

enum kind {
    ITEM_FLAGS,
    ITEM_UID,
    ITEM_DATE,
    ITEM_SIZE,
    ITEM_ENVELOPE,
    ITEM_STRUCTURE,
    ITEM_TEXT /* some of the message */
};

struct item {
    enum kind kind;
    const char *name;      /* as it is answered; of ITEM_TEXT the words before the section */
    struct bytes section;  /* between the brackets, as it was asked for */
    bool bracketed, marks; /* has brackets; marks the message as seen */
    bool partial;
    size_t from, most;
};

struct fetch {
    struct item items[MOST_ITEMS];
    size_t count;
    bool too_much; /* for one answer */
};

/* ---- reading ---- */

static const struct {
    const char *name;
    struct item item;
} known[] = {
    { "FLAGS", { .kind = ITEM_FLAGS, .name = "FLAGS" } },
    { "UID", { .kind = ITEM_UID, .name = "UID" } },
    { "INTERNALDATE", { .kind = ITEM_DATE, .name = "INTERNALDATE" } },
    { "RFC822.SIZE", { .kind = ITEM_SIZE, .name = "RFC822.SIZE" } },
    { "ENVELOPE", { .kind = ITEM_ENVELOPE, .name = "ENVELOPE" } },
    { "BODYSTRUCTURE", { .kind = ITEM_STRUCTURE, .name = "BODYSTRUCTURE" } },
    { "BODY", { .kind = ITEM_STRUCTURE, .name = "BODY" } },
    { "RFC822", { .kind = ITEM_TEXT, .name = "RFC822", .marks = true } },
    { "RFC822.HEADER", { .kind = ITEM_TEXT, .name = "RFC822.HEADER", .section = { "HEADER", 6 } } },
    { "RFC822.TEXT",
      { .kind = ITEM_TEXT, .name = "RFC822.TEXT", .section = { "TEXT", 4 }, .marks = true } },
};

/* "<0.1024>" */
static bool read_partial(struct bytes text, struct item *item)
{
    char *end = NULL;
    char copy[32];
    if (text.size == 0)
        return true;
    if (text.size >= sizeof copy || *text.data != '<' || text.data[text.size - 1] != '>')
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    item->partial = true;
    item->from = strtoul(copy + 1, &end, 10);
    if (*end != '.')
        return false;
    item->most = strtoul(end + 1, &end, 10);
    return *end == '>' && item->most;
}

/* "BODY.PEEK[1.HEADER]<0.1024>" */
static bool read_section(struct bytes text, struct item *item)
{
    const char *open = memchr(text.data, '[', text.size);
    const char *end = text.data + text.size, *close = end;
    while (open && close > open && close[-1] != ']')
        close--;
    if (!open || close == open)
        return false;
    struct bytes before = { text.data, (size_t)(open - text.data) };
    *item = (struct item) {
        .kind = ITEM_TEXT,
        .name = "BODY",
        .section = { open + 1, (size_t)(close - open) - 2 },
        .bracketed = true,
        .marks = sim_equals(before, "BODY"),
    };
    struct bytes behind = { close, (size_t)(end - close) };
    return (item->marks || sim_equals(before, "BODY.PEEK")) && read_partial(behind, item);
}

static bool add_item(struct fetch *fetch, struct bytes text)
{
    if (fetch->count == MOST_ITEMS)
        return false;
    struct item *item = &fetch->items[fetch->count++];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (sim_equals(text, known[i].name)) {
            *item = known[i].item;
            return true;
        }
    return read_section(text, item);
}

static bool read_items(struct fetch *fetch, struct bytes rest)
{
    static const struct {
        const char *name, *items;
    } macros[] = {
        { "ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE" },
        { "FAST", "FLAGS INTERNALDATE RFC822.SIZE" },
        { "FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY" },
    };
    struct bytes list, item;
    if (sim_take_list(&rest, &list))
        rest = list;
    for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++)
        if (sim_equals(rest, macros[i].name))
            rest = text_bytes(macros[i].items);
    while (sim_take_item(&rest, &item))
        if (!add_item(fetch, item))
            return false;
    return fetch->count && rest.size == 0;
}

/* ---- sections ---- */

/* The fields that are named, or all others where NOT; with the empty line behind them. */
static void put_fields(struct bytes header, struct bytes names, bool not, struct buffer *out)
{
    struct bytes line, list;
    bool wanted = false;
    if (!sim_take_list(&names, &list))
        return;
    while (text_next_line(&header, &line) && line.size) {
        if (!strchr(" \t", *line.data)) {
            const char *colon = memchr(line.data, ':', line.size);
            struct bytes field = { line.data, colon ? (size_t)(colon - line.data) : line.size };
            struct bytes rest = list;
            struct buffer name;
            buffer_init(&name, SIM_LINE_LIMIT);
            bool named = false;
            while (!named && sim_take_astring(&rest, &name)) {
                struct bytes text = buffer_bytes(&name);
                buffer_append(&name, "", 1);
                named =
                    text.size == field.size && text_starts_fold(field, buffer_bytes(&name).data);
                buffer_clear(&name);
            }
            buffer_done(&name);
            wanted = named != not ;
        }
        if (wanted) {
            buffer_append(out, line.data, line.size);
            buffer_append_text(out, "\r\n");
        }
    }
    buffer_append_text(out, "\r\n");
}

static bool take_prefix(struct bytes *text, const char *prefix)
{
    if (!text_starts_fold(*text, prefix))
        return false;
    text->data += strlen(prefix);
    text->size -= strlen(prefix);
    return true;
}

/* Follows "1.2." down to a part. A message that is no multipart is its own part 1. */
static bool follow(struct bytes *section, struct sim_part *part, bool *ret_below)
{
    bool message = true;
    *ret_below = false;
    while (section->size && *section->data >= '1' && *section->data <= '9') {
        int64_t number = text_take_number(section);
        struct sim_part child;
        message = message || sim_part_message(part, &child);
        if (*ret_below && message)
            *part = child;
        if (sim_part_child(part, (size_t)number, &child))
            *part = child;
        else if (number != 1 || !message)
            return false;
        message = false;
        *ret_below = true;
        take_prefix(section, ".");
    }
    return true;
}

/* Appends the section of MESSAGE; what is not there is empty, as servers have it. */
static void put_section(const struct sim_message *message, struct bytes section, struct buffer *out)
{
    struct bytes whole = { message->text, message->size }, text = { 0 };
    struct sim_part part = sim_part_of(whole), inner;
    bool below;
    if (!follow(&section, &part, &below))
        return;
    bool mime = below && sim_equals(section, "MIME");
    if (section.size && below && !mime && sim_part_message(&part, &inner))
        part = inner; /* HEADER and TEXT of a part are those of the message in it */
    if (section.size == 0)
        text = below ? part.body : whole;
    else if (take_prefix(&section, "HEADER.FIELDS.NOT"))
        put_fields(part.header, section, true, out);
    else if (take_prefix(&section, "HEADER.FIELDS"))
        put_fields(part.header, section, false, out);
    else if (mime || sim_equals(section, "HEADER"))
        text = part.header;
    else if (sim_equals(section, "TEXT"))
        text = part.body;
    buffer_append(out, text.data, text.size);
}

/* ---- answering ---- */

static void put_text(struct sim_script *script, const struct item *item,
                     const struct sim_message *message)
{
    struct buffer text;
    buffer_init(&text, SIM_MESSAGE_LIMIT + ROOM);
    put_section(message, item->section, &text);
    struct bytes bytes = buffer_bytes(&text);
    if (item->partial) {
        size_t skipped = item->from < bytes.size ? item->from : bytes.size;
        size_t left = bytes.size - skipped;
        bytes = (struct bytes) { bytes.data + skipped, left < item->most ? left : item->most };
    }
    if (item->bracketed)
        buffer_format(script->out, "[%.*s]", (int)item->section.size, item->section.data);
    if (item->partial)
        buffer_format(script->out, "<%zu>", item->from);
    buffer_format(script->out, " {%zu}\r\n", bytes.size);
    buffer_append(script->out, bytes.data, bytes.size);
    buffer_done(&text);
}

/* "22-Nov-2026 10:14:00 +0000" */
static void put_date(struct buffer *out, int64_t at_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t at = (time_t)at_s;
    struct tm t;
    gmtime_r(&at, &t);
    buffer_format(out, " \"%2d-%.3s-%04d %02d:%02d:%02d +0000\"", t.tm_mday, months + 3 * t.tm_mon,
                  t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static void put_item(struct sim_script *script, const struct item *item,
                     const struct sim_message *message)
{
    struct buffer *out = script->out;
    struct sim_part part = sim_part_of((struct bytes) { message->text, message->size });
    buffer_append_text(out, item->name);
    if (item->kind != ITEM_TEXT && item->kind != ITEM_DATE)
        buffer_append_text(out, " ");
    switch (item->kind) {
    case ITEM_FLAGS:
        sim_put_flags(out, message->flags);
        break;
    case ITEM_UID:
        buffer_format(out, "%" PRIu32, message->uid);
        break;
    case ITEM_DATE:
        put_date(out, message->at_s);
        break;
    case ITEM_SIZE:
        buffer_format(out, "%zu", message->size);
        break;
    case ITEM_ENVELOPE:
        sim_put_envelope(out, part.header);
        break;
    case ITEM_STRUCTURE:
        sim_put_structure(out, &part, 0);
        break;
    case ITEM_TEXT:
        put_text(script, item, message);
        break;
    }
}

/* Reading marks a message as seen, if the mailbox may be changed; then the flags are told too. */
static void mark_seen(struct sim_script *script, const struct fetch *fetch,
                      struct sim_message *message, bool *ret_flags)
{
    bool marks = false, asked = false;
    for (size_t i = 0; i < fetch->count; i++) {
        marks = marks || fetch->items[i].marks;
        asked = asked || fetch->items[i].kind == ITEM_FLAGS;
    }
    marks = marks && !script->view.read_only && !(message->flags & SIM_SEEN);
    if (marks)
        sim_store_set_flags(script->options.store, message, message->flags | SIM_SEEN);
    *ret_flags = marks && !asked;
}

static void answer(struct sim_script *script, size_t index, struct sim_message *message, void *arg)
{
    static const struct item flags = { .kind = ITEM_FLAGS, .name = "FLAGS" };
    static const struct item uid = { .kind = ITEM_UID, .name = "UID" };
    struct fetch *fetch = arg;
    bool more, uid_asked = false;
    size_t most = buffer_size(script->out) + ROOM;
    for (size_t i = 0; i < fetch->count; i++)
        most += fetch->items[i].kind >= ITEM_ENVELOPE ? message->size + ROOM : 0;
    fetch->too_much = fetch->too_much || most > SIM_REPLY_LIMIT;
    if (fetch->too_much)
        return;
    mark_seen(script, fetch, message, &more);
    buffer_format(script->out, "* %zu FETCH (", index + 1);
    for (size_t i = 0; i < fetch->count; i++) {
        if (i)
            buffer_append_text(script->out, " ");
        put_item(script, &fetch->items[i], message);
        uid_asked = uid_asked || fetch->items[i].kind == ITEM_UID;
    }
    if (script->by_uid && !uid_asked) { /* RFC 3501 section 6.4.8 */
        buffer_append_text(script->out, " ");
        put_item(script, &uid, message);
    }
    if (more) {
        buffer_append_text(script->out, " ");
        put_item(script, &flags, message);
        script->view.seen[index].flags = message->flags;
    }
    buffer_append_text(script->out, ")\r\n");
}

void sim_imap_fetch(struct sim_script *script, struct bytes rest)
{
    struct fetch fetch = { 0 };
    struct bytes set;
    if (!sim_take_item(&rest, &set) || !read_items(&fetch, text_trim(rest)))
        sim_imap_end(script, SIM_MALFORMED);
    else if (sim_imap_each(script, set, answer, &fetch))
        sim_imap_end(script, fetch.too_much ? SIM_REFUSED : SIM_FETCH);
}
