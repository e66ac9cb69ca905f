/* A session's login, as the credential gate sees it. */
#include "engine/session_private.h"

#include <string.h>

static void gate_answered(struct gate_request *request, enum login_block block,
                          struct bytes earlier)
{
    struct session *s = request->arg;
    /* The run was cut, and its sessions are being closed: a login would be sent for nothing. */
    if (s->options.trace->cut_by)
        return;
    s->login = block == BLOCK_NONE ? LOGIN_GRANTED : LOGIN_REPORTED;
    s->options.attempt->auth.held_by = block;
    if (block != BLOCK_NONE) {
        s->options.attempt->auth.outcome =
            block == BLOCK_NO_CREDENTIAL ? LOGIN_NOT_TRIED : LOGIN_HELD_BACK;
        session_log_earlier(&s->log, earlier);
    }
    dialogue_permit(s->dialogue, block == BLOCK_NONE ? NULL : login_block_name(block));
    session_pump(s);
}

/* TLS below 1.2 is none that a secret may be trusted to (RFC 8996): whoever is on the way may have
 * talked both sides down to it. */
static bool is_worth_a_secret(const struct tls_facts *tls)
{
    bool old = !tls || !tls->version || strcmp(tls->version, "TLS1.0") == 0 ||
               strcmp(tls->version, "TLS1.1") == 0;
    return !old && tls->verified;
}

/* A token goes only to those whom it is for. */
static enum login_block why_unfit(const struct session *s, const struct sasl_mechanism *mechanism)
{
    const struct session_options *o = &s->options;
    return mechanism && mechanism->wants_token ? o->judge_token(o->trace, o->endpoint, o->attempt)
                                               : BLOCK_NONE;
}

void session_ask_gate(struct session *s)
{
    if (s->login != LOGIN_IDLE || !session_certificate_judged(s))
        return;
    const struct tls_facts *tls = s->options.attempt->tls;
    const char *name = mail_facts(s->mail)->mechanism;
    const struct sasl_mechanism *mechanism = name ? sasl_find(name) : NULL;
    s->login = LOGIN_ASKED;
    s->request = (struct gate_request) {
        .service = s->options.endpoint->service,
        .host = s->options.endpoint->host,
        .token = mechanism && mechanism->wants_token,
        .unfit = why_unfit(s, mechanism),
        .verified = s->tls_up && is_worth_a_secret(tls),
        .guessed = s->options.endpoint->guessed,
        .expected = s->options.expected,
        .turn = s->options.turn,
        .answer = gate_answered,
        .arg = s,
    };
    gate_ask(s->options.gate, &s->request);
}

static void report_login(struct session *s, enum login_outcome outcome, struct bytes reply)
{
    s->login = LOGIN_REPORTED;
    s->inside = outcome == LOGIN_ACCEPTED;
    s->options.attempt->auth.outcome = outcome;
    gate_report(s->options.gate, &s->request, outcome, reply);
}

/* Stopped by a person: what would have come of it is not known, and nothing says that it was
 * refused. At the deadline it counts all the same: a run that is begun again and again, and never
 * waits for the refusal, would lock the account. */
static bool is_called_off(const struct session *s, const struct dialogue_row *row)
{
    const char *why = s->options.trace->cut_by;
    return row->failure.kind == FAILURE_CANCELLED && why && strcmp(why, "interrupt") == 0;
}

/* A login that was granted has ended one way or the other: the gate must know before anybody else
 * may try. */
void session_judge_login(struct session *s, const struct dialogue_row *row)
{
    if (s->login != LOGIN_GRANTED || row->kind != ROW_LEAVE || row->step->stage != STAGE_LOGIN)
        return;
    const struct mail_facts *facts = mail_facts(s->mail);
    if (facts->login_done) {
        report_login(s, LOGIN_ACCEPTED, facts->login_reply);
        return;
    }
    if (row->outcome == OUTCOME_OK)
        return; /* one exchange of several */
    struct bytes reply = facts->login_reply.size ? facts->login_reply : row->line;
    bool unproven = row->failure.kind == FAILURE_SERVER_UNPROVEN; /* it did not refuse it */
    if (!facts->login_sent || unproven || is_called_off(s, row))
        report_login(s, LOGIN_UNJUDGED, reply);
    else if (row->failure.kind == FAILURE_REFUSED)
        report_login(s,
                     s->options.judge_login((int)s->options.endpoint->service, reply,
                                            s->options.provider_family),
                     reply);
    else
        report_login(s, LOGIN_JUDGED,
                     reply); /* lost after sending: nobody knows what was counted */
}

void session_leave_gate(struct session *s)
{
    if (s->login == LOGIN_IDLE && s->options.expected)
        gate_unexpect(s->options.gate, s->options.endpoint->service);
    s->options.expected = false;
    if (s->inside)
        gate_leave(s->options.gate, &s->request);
    else
        gate_withdraw(s->options.gate, &s->request);
    s->inside = false;
}
