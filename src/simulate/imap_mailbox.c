/* IMAP's commands about mailboxes as a whole. */
#include "base/text.h"
#include "simulate/imap_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* FETCH, STORE and SEARCH by number must not learn of an expunge, for numbers would change under
 * them (RFC 3501 section 7.4.1). */
void sim_imap_end(struct sim_script *script, enum sim_moment moment)
{
    static const char *const by_number[] = { "FETCH", "STORE", "SEARCH" };
    bool expunges = true;
    for (size_t i = 0; i < sizeof by_number / sizeof by_number[0] && !script->by_uid; i++)
        expunges = expunges && strcmp(script->verb, by_number[i]) != 0;
    sim_view_tell(script, expunges);
    sim_say(script, moment);
}

void sim_imap_outcome(struct sim_script *script, enum sim_outcome outcome)
{
    static const enum sim_moment moments[] = {
        [SIM_STORE_DONE] = SIM_DONE,
        [SIM_STORE_MISSING] = SIM_MAILBOX_UNKNOWN,
        [SIM_STORE_EXISTS] = SIM_MAILBOX_EXISTS,
        [SIM_STORE_REFUSED] = SIM_REFUSED,
        [SIM_STORE_FULL] = SIM_FULL,
    };
    sim_imap_end(script, moments[outcome]);
}

/* ---- opening ---- */

void sim_imap_select(struct sim_script *script, struct bytes rest)
{
    struct buffer name;
    bool examine = strcmp(script->verb, "EXAMINE") == 0;
    sim_view_close(script); /* whatever comes of this one (RFC 3501 section 6.3.1) */
    buffer_init(&name, SIM_LINE_LIMIT);
    bool named = sim_take_astring(&rest, &name);
    const struct sim_mailbox *mailbox = sim_store_find(script->options.store, buffer_bytes(&name));
    sim_quote(script, buffer_bytes(&name));
    if (mailbox) {
        sim_view_open(script, mailbox, examine);
        script->said.exists = mailbox->count;
        script->said.validity = mailbox->uid_validity;
        script->said.next = mailbox->uid_next;
    }
    sim_say(script, !named     ? SIM_MALFORMED
                    : !mailbox ? SIM_MAILBOX_UNKNOWN
                    : examine  ? SIM_MAILBOX
                               : SIM_SELECT);
    buffer_done(&name);
}

/* CLOSE expunges without a word, where it may; UNSELECT (RFC 3691) does not. */
void sim_imap_close(struct sim_script *script, struct bytes rest)
{
    (void)rest;
    struct sim_mailbox *mailbox = sim_view_mailbox(script);
    bool expunges = mailbox && !script->view.read_only && strcmp(script->verb, "CLOSE") == 0;
    for (size_t i = expunges ? mailbox->count : 0; i-- > 0;)
        if (mailbox->messages[i].flags & SIM_DELETED)
            sim_store_remove(script->options.store, mailbox, mailbox->messages[i].uid);
    sim_view_close(script);
    sim_say(script, SIM_DONE);
}

/* ---- names ---- */

static void with_name(struct sim_script *script, struct bytes rest,
                      enum sim_outcome (*act)(struct sim_store *store, struct bytes name))
{
    struct buffer name;
    buffer_init(&name, SIM_LINE_LIMIT);
    bool named = sim_take_astring(&rest, &name);
    sim_quote(script, buffer_bytes(&name));
    if (named)
        sim_imap_outcome(script, act(script->options.store, buffer_bytes(&name)));
    else
        sim_say(script, SIM_MALFORMED);
    buffer_done(&name);
}

void sim_imap_create(struct sim_script *script, struct bytes rest)
{
    with_name(script, rest, sim_store_create);
}

void sim_imap_delete(struct sim_script *script, struct bytes rest)
{
    with_name(script, rest, sim_store_delete);
}

static enum sim_outcome subscribe(struct sim_store *store, struct bytes name)
{
    return sim_store_find(store, name) ? SIM_STORE_DONE : SIM_STORE_MISSING;
}

/* Every mailbox is subscribed to, and stays so. */
void sim_imap_subscribe(struct sim_script *script, struct bytes rest)
{
    with_name(script, rest, subscribe);
}

void sim_imap_rename(struct sim_script *script, struct bytes rest)
{
    struct buffer from, to;
    buffer_init(&from, SIM_LINE_LIMIT);
    buffer_init(&to, SIM_LINE_LIMIT);
    bool named = sim_take_astring(&rest, &from) && sim_take_astring(&rest, &to);
    sim_quote(script, buffer_bytes(&from));
    if (named)
        sim_imap_outcome(script, sim_store_rename(script->options.store, buffer_bytes(&from),
                                                  buffer_bytes(&to)));
    else
        sim_say(script, SIM_MALFORMED);
    buffer_done(&from);
    buffer_done(&to);
}

/* ---- listing ---- */

/* RFC 3501 section 6.3.8: '*' is anything, '%' anything within one level. reach[i]: so much of the
 * pattern can stand for the first i characters. */
static bool matches(const char *pattern, const char *name)
{
    bool reach[SIM_NAME_LIMIT + 1] = { true };
    size_t size = strlen(name);
    for (; *pattern; pattern++) {
        bool wild = *pattern == '*' || *pattern == '%';
        for (size_t i = 1; wild && i <= size; i++)
            reach[i] = reach[i] || (reach[i - 1] && (*pattern == '*' || name[i - 1] != '/'));
        for (size_t i = size; !wild && i > 0; i--)
            reach[i] = reach[i - 1] && name[i - 1] == *pattern;
        reach[0] = reach[0] && wild;
    }
    return reach[size];
}

static void list_matching(struct sim_script *script, const char *pattern)
{
    const struct sim_store *store = script->options.store;
    for (size_t i = 0; i < store->mailbox_count; i++) {
        const struct sim_mailbox *mailbox = store->mailboxes[i];
        bool inbox = i == 0 && text_equal_fold(pattern, "INBOX");
        if (!inbox && !matches(pattern, mailbox->name))
            continue;
        buffer_format(script->out, "* %s (\\Has%sChildren) \"/\" \"%s\"\r\n", script->verb,
                      sim_store_has_children(store, mailbox) ? "" : "No", mailbox->name);
    }
}

void sim_imap_list(struct sim_script *script, struct bytes rest)
{
    struct buffer pattern;
    buffer_init(&pattern, SIM_LINE_LIMIT);
    bool named = sim_take_astring(&rest, &pattern); /* what stands before the pattern proper */
    size_t before = buffer_size(&pattern);
    named = named && sim_take_astring(&rest, &pattern);
    bool empty = named && buffer_size(&pattern) == before;
    buffer_append(&pattern, "", 1);
    if (empty) /* asks for the delimiter alone */
        buffer_format(script->out, "* %s (\\Noselect) \"/\" \"\"\r\n", script->verb);
    else if (named)
        list_matching(script, buffer_bytes(&pattern).data);
    sim_imap_end(script, named ? SIM_LIST : SIM_MALFORMED);
    buffer_done(&pattern);
}

static uint32_t unseen(const struct sim_mailbox *mailbox)
{
    uint32_t count = 0;
    for (size_t i = 0; i < mailbox->count; i++)
        count += !(mailbox->messages[i].flags & SIM_SEEN);
    return count;
}

/* False: an item that is none. */
static bool put_status(const struct sim_mailbox *mailbox, struct bytes items, struct buffer *out)
{
    struct bytes item;
    const char *blank = "";
    const struct {
        const char *name;
        uint32_t value;
    } known[] = {
        { "MESSAGES", (uint32_t)mailbox->count },
        { "RECENT", 0 },
        { "UIDNEXT", mailbox->uid_next },
        { "UIDVALIDITY", mailbox->uid_validity },
        { "UNSEEN", unseen(mailbox) },
    };
    while (sim_take_item(&items, &item)) {
        size_t i = 0;
        while (i < sizeof known / sizeof known[0] && !sim_equals(item, known[i].name))
            i++;
        if (i == sizeof known / sizeof known[0])
            return false;
        buffer_format(out, "%s%s %" PRIu32, blank, known[i].name, known[i].value);
        blank = " ";
    }
    return *blank && items.size == 0;
}

void sim_imap_status(struct sim_script *script, struct bytes rest)
{
    struct buffer name, items;
    struct bytes list;
    buffer_init(&name, SIM_LINE_LIMIT);
    buffer_init(&items, SIM_LINE_LIMIT);
    bool named = sim_take_astring(&rest, &name) && sim_take_list(&rest, &list);
    const struct sim_mailbox *mailbox = sim_store_find(script->options.store, buffer_bytes(&name));
    sim_quote(script, buffer_bytes(&name));
    bool good = named && (!mailbox || put_status(mailbox, list, &items));
    if (good && mailbox) {
        struct bytes text = buffer_bytes(&items);
        buffer_format(script->out, "* STATUS \"%s\" (%.*s)\r\n", mailbox->name, (int)text.size,
                      text.data);
    }
    sim_imap_end(script, !good ? SIM_MALFORMED : mailbox ? SIM_STATUS : SIM_MAILBOX_UNKNOWN);
    buffer_done(&name);
    buffer_done(&items);
}

/* ---- a new message ---- */

/* What may stand between the name and the message: flags, and a date in quotes. */
static bool take_attributes(struct bytes *rest, unsigned *ret_flags, int64_t *ret_at_s)
{
    struct bytes list;
    struct buffer date;
    bool good = true;
    *ret_flags = 0;
    if (sim_take_list(rest, &list))
        good = sim_read_flags(list, ret_flags);
    if (sim_peek(rest) != '"')
        return good;
    buffer_init(&date, 64);
    good = good && sim_take_astring(rest, &date);
    *ret_at_s = sim_read_date(buffer_bytes(&date), true);
    buffer_done(&date);
    return good && *ret_at_s >= 0;
}

/* RFC 3501 section 6.3.11, with the new message's place (RFC 4315 section 3). */
void sim_imap_append(struct sim_script *script, struct bytes rest)
{
    struct buffer name, text;
    unsigned flags;
    int64_t at_s = script->now_ns / 1000000000;
    buffer_init(&name, SIM_LINE_LIMIT);
    buffer_init(&text, SIM_MESSAGE_LIMIT);
    bool named = sim_take_astring(&rest, &name) && take_attributes(&rest, &flags, &at_s) &&
                 sim_peek(&rest) == '{' && sim_take_astring(&rest, &text);
    struct sim_mailbox *mailbox = sim_store_find(script->options.store, buffer_bytes(&name));
    sim_quote(script, buffer_bytes(&name));
    if (!named || !mailbox) {
        sim_imap_end(script, named ? SIM_MAILBOX_UNKNOWN : SIM_MALFORMED);
    } else {
        snprintf(script->said.code, sizeof script->said.code,
                 "[APPENDUID %" PRIu32 " %" PRIu32 "] ", mailbox->uid_validity, mailbox->uid_next);
        enum sim_outcome outcome = text.overflow
                                       ? SIM_STORE_FULL
                                       : sim_store_append(script->options.store, mailbox,
                                                          buffer_bytes(&text), flags, at_s);
        sim_imap_outcome(script, outcome);
    }
    buffer_done(&name);
    buffer_done(&text);
}
