/* A session's message, as the outbox sees it. */
#include "engine/session_private.h"

static void outbox_answered(struct outbox_request *request, const char *why_not)
{
    struct session *s = request->arg;
    if (s->options.trace->cut_by)
        return;
    dialogue_permit(s->dialogue, why_not);
    session_pump(s);
}

void session_ask_outbox(struct session *s)
{
    if (s->asked_outbox)
        return;
    s->asked_outbox = true;
    s->mail_request = (struct outbox_request) {
        .endpoint = s->options.endpoint,
        .answer = outbox_answered,
        .arg = s,
    };
    outbox_ask(s->options.outbox, &s->mail_request);
}

void session_note_message(struct session *s, const struct dialogue_row *row)
{
    struct submission_facts *facts = s->options.trace->submission;
    if (!s->asked_outbox || row->kind != ROW_LEAVE || row->step->stage != STAGE_SUBMIT ||
        row->outcome == OUTCOME_SKIPPED)
        return;
    const struct mail_facts *mail = mail_facts(s->mail);
    facts->size = (int)mail->message_size;
    facts->recipient_taken = mail->recipient_taken;
    facts->accepted = mail->message_taken;
}

void session_leave_outbox(struct session *s)
{
    if (!s->options.outbox)
        return;
    outbox_withdraw(s->options.outbox, &s->mail_request);
    outbox_give_up(s->options.outbox, s->options.endpoint);
}
