/* IMAP's commands that change messages. */
#include "base/memory.h"
#include "base/text.h"
#include "simulate/imap_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sim_imap_each(struct sim_script *script, struct bytes set,
                   void (*visit)(struct sim_script *script, size_t index,
                                 struct sim_message *message, void *arg),
                   void *arg)
{
    const struct sim_view *view = &script->view;
    const struct sim_mailbox *mailbox = sim_view_mailbox(script);
    uint32_t largest = (uint32_t)view->count;
    if (script->by_uid)
        largest = view->count ? view->seen[view->count - 1].uid : 0;
    /* A number without a message is an error, a UID without one is not (section 6.4.8). */
    if (!mailbox || !sim_is_set(set) || (!script->by_uid && sim_set_end(set) > largest)) {
        sim_imap_end(script, mailbox ? SIM_MALFORMED : SIM_REFUSED);
        return false;
    }
    for (size_t i = 0; i < view->count; i++) {
        uint32_t number = script->by_uid ? view->seen[i].uid : (uint32_t)(i + 1);
        struct sim_message *message = sim_in_set(set, number, largest)
                                          ? sim_mailbox_message(mailbox, view->seen[i].uid)
                                          : NULL;
        if (message)
            visit(script, i, message, arg);
    }
    return true;
}

/* ---- flags ---- */

struct change {
    char how; /* '+', '-', or '\0': these instead */
    bool silent;
    unsigned flags;
};

static void change_flags(struct sim_script *script, size_t index, struct sim_message *message,
                         void *arg)
{
    const struct change *change = arg;
    unsigned flags = change->how == '+'   ? message->flags | change->flags
                     : change->how == '-' ? message->flags & ~change->flags
                                          : change->flags;
    sim_store_set_flags(script->options.store, message, flags);
    script->view.seen[index].flags = flags; /* told here, or the client knows it */
    if (change->silent)
        return;
    buffer_format(script->out, "* %zu FETCH (FLAGS ", index + 1);
    sim_put_flags(script->out, flags);
    if (script->by_uid)
        buffer_format(script->out, " UID %" PRIu32, message->uid);
    buffer_append_text(script->out, ")\r\n");
}

/* "+FLAGS.SILENT (\Deleted)" (RFC 3501 section 6.4.6) */
static bool read_change(struct bytes item, struct bytes flags, struct change *change)
{
    struct bytes list;
    change->how = item.size && strchr("+-", *item.data) ? *item.data : '\0';
    if (change->how) {
        item.data++;
        item.size--;
    }
    change->silent = sim_equals(item, "FLAGS.SILENT");
    if (!change->silent && !sim_equals(item, "FLAGS"))
        return false;
    return sim_read_flags(sim_take_list(&flags, &list) ? list : flags, &change->flags);
}

void sim_imap_store(struct sim_script *script, struct bytes rest)
{
    struct bytes set, item;
    struct change change;
    bool good = sim_take_item(&rest, &set) && sim_take_item(&rest, &item) &&
                read_change(item, rest, &change);
    if (!good)
        sim_imap_end(script, SIM_MALFORMED);
    else if (script->view.read_only)
        sim_imap_end(script, SIM_READ_ONLY);
    else if (sim_imap_each(script, set, change_flags, &change))
        sim_imap_end(script, SIM_DONE);
}

/* ---- copies ---- */

struct copies {
    uint32_t uids[SIM_MESSAGES_LIMIT];
    size_t count, size; /* messages, and bytes of them */
};

static void choose(struct sim_script *script, size_t index, struct sim_message *message, void *arg)
{
    struct copies *copies = arg;
    (void)script;
    (void)index;
    if (copies->count < SIM_MESSAGES_LIMIT)
        copies->uids[copies->count++] = message->uid;
    copies->size += message->size;
}

/* "[COPYUID 14 4,6 1:2] " (RFC 4315 section 3); left out where it would be too long. */
static void note_places(struct sim_script *script, const struct copies *copies,
                        const struct sim_mailbox *to)
{
    struct buffer code;
    buffer_init(&code, SIM_CODE_SIZE - 1);
    buffer_format(&code, "[COPYUID %" PRIu32 " ", to->uid_validity);
    for (size_t i = 0; i < copies->count; i++)
        buffer_format(&code, "%s%" PRIu32, i ? "," : "", copies->uids[i]);
    buffer_format(&code, " %" PRIu32, to->uid_next - (uint32_t)copies->count);
    if (copies->count > 1)
        buffer_format(&code, ":%" PRIu32, to->uid_next - 1);
    buffer_append_text(&code, "] ");
    struct bytes text = buffer_bytes(&code);
    if (copies->count && !code.overflow)
        snprintf(script->said.code, sizeof script->said.code, "%.*s", (int)text.size, text.data);
    buffer_done(&code);
}

/* All or nothing (RFC 3501 section 6.4.7). */
static enum sim_outcome copy(struct sim_script *script, const struct copies *copies,
                             struct sim_mailbox *to)
{
    struct sim_store *store = script->options.store;
    const struct sim_mailbox *from = sim_view_mailbox(script);
    if (store->size + copies->size > SIM_STORE_LIMIT ||
        to->count + copies->count > SIM_MESSAGES_LIMIT)
        return SIM_STORE_FULL;
    for (size_t i = 0; i < copies->count; i++) {
        /* By value: the list may move when it grows, if both are one mailbox. */
        struct sim_message message = *sim_mailbox_message(from, copies->uids[i]);
        struct bytes text = { message.text, message.size };
        sim_store_append(store, to, text, message.flags, message.at_s);
    }
    note_places(script, copies, to);
    return SIM_STORE_DONE;
}

/* The moved are copied and expunged in one (RFC 6851 section 3.3). */
static void finish_move(struct sim_script *script, const struct copies *copies)
{
    if (script->said.code[0])
        buffer_format(script->out, "* OK %sMoved\r\n", script->said.code);
    script->said.code[0] = '\0';
    for (size_t i = 0; i < copies->count; i++)
        sim_store_remove(script->options.store, sim_view_mailbox(script), copies->uids[i]);
}

void sim_imap_copy(struct sim_script *script, struct bytes rest)
{
    struct buffer name;
    struct bytes set;
    bool move = strcmp(script->verb, "MOVE") == 0;
    buffer_init(&name, SIM_LINE_LIMIT);
    bool named = sim_take_item(&rest, &set) && sim_take_astring(&rest, &name);
    struct sim_mailbox *to = sim_store_find(script->options.store, buffer_bytes(&name));
    sim_quote(script, buffer_bytes(&name));
    struct copies *copies = memory_new(sizeof *copies);
    if (!named || !to) {
        sim_imap_end(script, named ? SIM_MAILBOX_UNKNOWN : SIM_MALFORMED);
    } else if (move && script->view.read_only) {
        sim_imap_end(script, SIM_READ_ONLY);
    } else if (sim_imap_each(script, set, choose, copies)) {
        enum sim_outcome outcome = copy(script, copies, to);
        if (move && outcome == SIM_STORE_DONE)
            finish_move(script, copies);
        sim_imap_outcome(script, outcome);
    }
    free(copies);
    buffer_done(&name);
}

/* ---- expunging ---- */

/* UID EXPUNGE names those that it may remove (RFC 4315 section 2.1). */
void sim_imap_expunge(struct sim_script *script, struct bytes rest)
{
    struct sim_mailbox *mailbox = sim_view_mailbox(script);
    struct bytes set = { 0 };
    bool good = !script->by_uid || (sim_take_item(&rest, &set) && sim_is_set(set));
    uint32_t largest = mailbox && mailbox->count ? mailbox->messages[mailbox->count - 1].uid : 0;
    bool may = good && mailbox && !script->view.read_only;
    for (size_t i = may ? mailbox->count : 0; i-- > 0;) {
        const struct sim_message *message = &mailbox->messages[i];
        if ((message->flags & SIM_DELETED) &&
            (!script->by_uid || sim_in_set(set, message->uid, largest)))
            sim_store_remove(script->options.store, mailbox, message->uid);
    }
    sim_imap_end(script, !good      ? SIM_MALFORMED
                         : !mailbox ? SIM_REFUSED
                         : may      ? SIM_DONE
                                    : SIM_READ_ONLY);
}
