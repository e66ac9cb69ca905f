/* What becomes of a message that was submitted: it arrives, late or among the junk, or comes back
 * as a report that it could not be delivered, or never. */
#include "simulate/store.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000, MORE = 8192 /* room for our own lines */ };

/* RFC 5322 section 3.3, whatever the locale. */
static void put_date(struct buffer *out, int64_t at_ns)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t at = (time_t)(at_ns / NS_PER_S);
    struct tm t;
    gmtime_r(&at, &t);
    buffer_format(out, "%.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n", days + 3 * t.tm_wday, t.tm_mday,
                  months + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* The marks of the way, the last one first (RFC 5321 section 4.4). */
static void put_trace(const struct sim_store *store, const struct sim_pending *pending,
                      int64_t now_ns, struct buffer *out)
{
    const struct sim_persona *persona = store->scenario->persona;
    const struct sim_submission *submission = &pending->submission;
    buffer_format(out, "Return-Path: <%s>\r\nReceived: from %s by %s\r\n with ESMTPS id %s; ",
                  submission->sender, persona->front, persona->backend, submission->session);
    put_date(out, now_ns);
    buffer_format(out, "Received: from [%s] by %s\r\n with %s id %s; ", submission->client,
                  persona->front, submission->by_login ? "ESMTPSA" : "ESMTPS", submission->session);
    put_date(out, submission->accepted_ns);
    if (persona->home->authentication)
        buffer_format(out, "Authentication-Results: %s\r\n", persona->home->authentication);
}

static void put_message(const struct sim_store *store, const struct sim_pending *pending,
                        int64_t now_ns, struct buffer *out)
{
    put_trace(store, pending, now_ns, out);
    buffer_append(out, pending->text, pending->size);
}

/* Up to the empty line. */
static struct bytes header_of(struct bytes text)
{
    struct bytes rest = text, line;
    while (text_next_line(&rest, &line))
        if (line.size == 0)
            return (struct bytes) { text.data, text.size - rest.size };
    return text;
}

/* RFC 3462 and RFC 3464: people's words, machines' words, and what it is about. */
static void put_report(const struct sim_store *store, const struct sim_pending *pending,
                       int64_t now_ns, struct buffer *out)
{
    const struct sim_persona *persona = store->scenario->persona;
    const struct sim_submission *submission = &pending->submission;
    const char *words = store->scenario->bounce;
    struct bytes header = header_of((struct bytes) { pending->text, pending->size });
    buffer_append_text(out, "Return-Path: <>\r\nDate: ");
    put_date(out, now_ns);
    buffer_format(out,
                  "From: Mail Delivery System <postmaster@%s>\r\nTo: <%s>\r\n"
                  "Subject: Undeliverable: your message to %s\r\n"
                  "Message-ID: <report-%s@%s>\r\nAuto-Submitted: auto-replied\r\n"
                  "MIME-Version: 1.0\r\nContent-Type: multipart/report;\r\n"
                  " report-type=delivery-status; boundary=\"=_%s\"\r\n\r\n",
                  persona->domain, submission->sender, submission->recipient, submission->session,
                  persona->domain, submission->session);
    buffer_format(out,
                  "--=_%s\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
                  "Your message could not be delivered to %s.\r\nThe server said:\r\n%s\r\n\r\n",
                  submission->session, submission->recipient, words);
    /* The status is the reply's second word. */
    buffer_format(out,
                  "--=_%s\r\nContent-Type: message/delivery-status\r\n\r\n"
                  "Reporting-MTA: dns; %s\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\n"
                  "Status: %.*s\r\nDiagnostic-Code: smtp; %s\r\n\r\n",
                  submission->session, persona->backend, submission->recipient,
                  (int)strcspn(words + 4, " "), words + 4, words);
    buffer_format(out, "--=_%s\r\nContent-Type: text/rfc822-headers\r\n\r\n", submission->session);
    buffer_append(out, header.data, header.size);
    buffer_format(out, "\r\n--=_%s--\r\n", submission->session);
}

static void deliver(struct sim_store *store, const struct sim_pending *pending, int64_t now_ns)
{
    const struct sim_scenario *scenario = store->scenario;
    bool junk = scenario->delivery == SIM_DELIVERY_JUNK;
    const char *name = junk ? scenario->persona->home->junk : "INBOX";
    struct sim_mailbox *mailbox = sim_store_find(store, text_bytes(name));
    struct buffer text;
    buffer_init(&text, SIM_MESSAGE_LIMIT + MORE);
    if (scenario->delivery == SIM_DELIVERY_BOUNCE)
        put_report(store, pending, now_ns, &text);
    else
        put_message(store, pending, now_ns, &text);
    if (mailbox) /* somebody may have deleted it; INBOX stays */
        sim_store_append(store, mailbox, buffer_bytes(&text), 0, now_ns / NS_PER_S);
    buffer_done(&text);
}

/* What is submitted with a login is kept among what was sent, where the provider does that. */
static void keep_copy(struct sim_store *store, const struct sim_submission *submission,
                      struct bytes text)
{
    const char *name = store->scenario->persona->home->sent;
    struct sim_mailbox *mailbox =
        name && submission->by_login ? sim_store_find(store, text_bytes(name)) : NULL;
    if (mailbox)
        sim_store_append(store, mailbox, text, SIM_SEEN, submission->accepted_ns / NS_PER_S);
}

bool sim_store_submit(struct sim_store *store, const struct sim_submission *submission,
                      struct bytes text)
{
    enum sim_delivery delivery = store->scenario->delivery;
    bool arrives = delivery == SIM_DELIVERY_BOUNCE
                       ? submission->from_self
                       : submission->to_self && delivery != SIM_DELIVERY_NOWHERE;
    if (arrives && (store->pending_count == SIM_PENDING_LIMIT ||
                    !sim_store_has_room(store, store->mailboxes[0], text.size + MORE)))
        return false;
    keep_copy(store, submission, text);
    if (!arrives)
        return true;
    double delay_ms = store->scenario->delivery_ms * store->delay_scale;
    struct sim_pending *pending = &store->pending[store->pending_count++];
    *pending = (struct sim_pending) {
        .submission = *submission,
        .due_ns = submission->accepted_ns + (int64_t)delay_ms * NS_PER_MS,
        .text = memory_new(text.size + 1),
        .size = text.size,
    };
    if (text.size)
        memcpy(pending->text, text.data, text.size);
    return true;
}

int64_t sim_store_due_ns(const struct sim_store *store)
{
    int64_t due_ns = -1;
    for (size_t i = 0; i < store->pending_count; i++)
        if (due_ns < 0 || store->pending[i].due_ns < due_ns)
            due_ns = store->pending[i].due_ns;
    return due_ns;
}

void sim_store_deliver(struct sim_store *store, int64_t now_ns)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->pending_count; i++) {
        if (store->pending[i].due_ns > now_ns) {
            store->pending[kept++] = store->pending[i];
            continue;
        }
        deliver(store, &store->pending[i], now_ns);
        free(store->pending[i].text);
    }
    store->pending_count = kept;
}
