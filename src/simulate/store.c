#include "simulate/store.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The letter that is there from the start: uid 4, as others came and went before it. */
static const char letter[] = "Date: Sun, 22 Nov 2026 10:14:00 +0000\r\n"
                             "From: letters@example.com\r\n"
                             "To: reader@example.com\r\n"
                             "Subject: A letter in a simulated mailbox\r\n"
                             "Message-ID: <letter-1@example.com>\r\n"
                             "MIME-Version: 1.0\r\n"
                             "Content-Type: text/plain; charset=us-ascii\r\n"
                             "\r\n"
                             "Nobody wrote this, and nobody will read it.\r\n";
enum { LETTER_UID = 4, LETTER_AT_S = 1795342440 /* 2026-11-22T10:14:00Z */ };

/* ---- names ---- */

static bool equal(const char *name, struct bytes bytes)
{
    return strlen(name) == bytes.size && memcmp(name, bytes.data, bytes.size) == 0;
}

static bool is_inbox(struct bytes name)
{
    return name.size == 5 && text_starts_fold(name, "INBOX");
}

/* Printable ASCII without what patterns and quoting are made of; no empty part. */
static bool is_name(struct bytes name)
{
    if (name.size == 0 || name.size > SIM_NAME_LIMIT || name.data[0] == '/' ||
        name.data[name.size - 1] == '/')
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (c < ' ' || c > '~' || strchr("%*\"\\", c) || (c == '/' && i && name.data[i - 1] == '/'))
            return false;
    }
    return true;
}

/* Is NAME somewhere below UPPER? */
static bool is_below(const char *name, const char *upper)
{
    size_t size = strlen(upper);
    return strncmp(name, upper, size) == 0 && name[size] == '/';
}

/* ---- mailboxes ---- */

struct sim_mailbox *sim_store_find(const struct sim_store *store, struct bytes name)
{
    if (is_inbox(name))
        return store->mailboxes[0];
    for (size_t i = 0; i < store->mailbox_count; i++)
        if (equal(store->mailboxes[i]->name, name))
            return store->mailboxes[i];
    return NULL;
}

struct sim_mailbox *sim_store_by_id(const struct sim_store *store, unsigned id)
{
    for (size_t i = 0; i < store->mailbox_count; i++)
        if (store->mailboxes[i]->id == id)
            return store->mailboxes[i];
    return NULL;
}

bool sim_store_has_children(const struct sim_store *store, const struct sim_mailbox *mailbox)
{
    for (size_t i = 0; i < store->mailbox_count; i++)
        if (is_below(store->mailboxes[i]->name, mailbox->name))
            return true;
    return false;
}

static bool add_mailbox(struct sim_store *store, struct bytes name)
{
    if (store->mailbox_count == SIM_MAILBOX_LIMIT)
        return false;
    struct sim_mailbox *mailbox = memory_new(sizeof *mailbox);
    mailbox->id = ++store->ids;
    mailbox->name = memory_format("%.*s", (int)name.size, name.data);
    /* A name that is given again must not look like the old one (RFC 3501 section 2.3.1.1). */
    mailbox->uid_validity = store->scenario->persona->home->uid_validity + store->ids - 1;
    mailbox->uid_next = 1;
    store->mailboxes[store->mailbox_count++] = mailbox;
    return true;
}

static void free_mailbox(struct sim_store *store, struct sim_mailbox *mailbox)
{
    for (size_t i = 0; i < mailbox->count; i++) {
        store->size -= mailbox->messages[i].size;
        free(mailbox->messages[i].text);
    }
    free(mailbox->messages);
    free(mailbox->name);
    free(mailbox);
}

enum sim_outcome sim_store_create(struct sim_store *store, struct bytes name)
{
    if (name.size && name.data[name.size - 1] == '/')
        name.size--; /* RFC 3501 section 6.3.3: others are to come below it */
    if (sim_store_find(store, name))
        return SIM_STORE_EXISTS;
    if (!is_name(name))
        return SIM_STORE_REFUSED;
    for (size_t i = 1; i <= name.size; i++) {
        struct bytes upper = { name.data, i };
        bool whole = i == name.size || name.data[i] == '/';
        if (whole && !sim_store_find(store, upper) && !add_mailbox(store, upper))
            return SIM_STORE_FULL;
    }
    return SIM_STORE_DONE;
}

enum sim_outcome sim_store_delete(struct sim_store *store, struct bytes name)
{
    struct sim_mailbox *mailbox = sim_store_find(store, name);
    if (!mailbox)
        return SIM_STORE_MISSING;
    if (mailbox == store->mailboxes[0] || sim_store_has_children(store, mailbox))
        return SIM_STORE_REFUSED;
    size_t at = 0;
    while (store->mailboxes[at] != mailbox)
        at++;
    store->mailbox_count--;
    for (; at < store->mailbox_count; at++)
        store->mailboxes[at] = store->mailboxes[at + 1];
    free_mailbox(store, mailbox);
    store->changes++;
    return SIM_STORE_DONE;
}

/* INBOX keeps its name, and so does what has others below it: neither move of many (RFC 3501
 * section 6.3.5) is played. */
enum sim_outcome sim_store_rename(struct sim_store *store, struct bytes from, struct bytes to)
{
    struct sim_mailbox *mailbox = sim_store_find(store, from);
    if (!mailbox)
        return SIM_STORE_MISSING;
    if (sim_store_find(store, to))
        return SIM_STORE_EXISTS;
    char *old = mailbox->name, *new = memory_format("%.*s", (int)to.size, to.data);
    bool fits = mailbox != store->mailboxes[0] && is_name(to) && !is_below(new, old) &&
                !sim_store_has_children(store, mailbox);
    if (fits) {
        mailbox->name = new;
        free(old);
    } else {
        free(new);
    }
    return fits ? SIM_STORE_DONE : SIM_STORE_REFUSED;
}

/* ---- messages ---- */

bool sim_store_has_room(const struct sim_store *store, const struct sim_mailbox *mailbox,
                        size_t size)
{
    return size <= SIM_MESSAGE_LIMIT && store->size + size <= SIM_STORE_LIMIT &&
           mailbox->count < SIM_MESSAGES_LIMIT;
}

enum sim_outcome sim_store_append(struct sim_store *store, struct sim_mailbox *mailbox,
                                  struct bytes text, unsigned flags, int64_t at_s)
{
    if (!sim_store_has_room(store, mailbox, text.size))
        return SIM_STORE_FULL;
    if (mailbox->count == mailbox->capacity) {
        mailbox->capacity = mailbox->capacity ? 2 * mailbox->capacity : 8;
        mailbox->messages =
            memory_resize(mailbox->messages, mailbox->capacity * sizeof *mailbox->messages);
    }
    struct sim_message *message = &mailbox->messages[mailbox->count++];
    *message = (struct sim_message) { .uid = mailbox->uid_next++,
                                      .flags = flags,
                                      .at_s = at_s,
                                      .text = memory_new(text.size + 1),
                                      .size = text.size };
    if (text.size)
        memcpy(message->text, text.data, text.size);
    store->size += text.size;
    store->changes++;
    return SIM_STORE_DONE;
}

struct sim_message *sim_mailbox_message(const struct sim_mailbox *mailbox, uint32_t uid)
{
    for (size_t i = 0; i < mailbox->count; i++)
        if (mailbox->messages[i].uid == uid)
            return &mailbox->messages[i];
    return NULL;
}

void sim_store_set_flags(struct sim_store *store, struct sim_message *message, unsigned flags)
{
    if (message->flags != flags)
        store->changes++;
    message->flags = flags;
}

void sim_store_remove(struct sim_store *store, struct sim_mailbox *mailbox, uint32_t uid)
{
    struct sim_message *message = sim_mailbox_message(mailbox, uid);
    if (!message)
        return;
    store->size -= message->size;
    free(message->text);
    size_t behind = (size_t)(mailbox->messages + mailbox->count - message) - 1;
    memmove(message, message + 1, behind * sizeof *message);
    mailbox->count--;
    store->changes++;
}

/* ---- beginning and end ---- */

struct sim_store *sim_store_new(const struct sim_scenario *scenario, double delay_scale)
{
    struct sim_store *store = memory_new(sizeof *store);
    store->scenario = scenario;
    store->delay_scale = delay_scale;
    add_mailbox(store, text_bytes("INBOX"));
    for (const char *const *name = scenario->persona->home->mailboxes; *name; name++)
        add_mailbox(store, text_bytes(*name));
    struct sim_mailbox *inbox = store->mailboxes[0];
    inbox->uid_next = LETTER_UID;
    sim_store_append(store, inbox, text_bytes(letter), SIM_SEEN, LETTER_AT_S);
    return store;
}

void sim_store_free(struct sim_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->mailbox_count; i++)
        free_mailbox(store, store->mailboxes[i]);
    for (size_t i = 0; i < store->pending_count; i++)
        free(store->pending[i].text);
    free(store);
}
