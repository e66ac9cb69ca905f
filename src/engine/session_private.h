/* What session.c, session_tls.c, session_login.c and session_submit.c share; nobody else includes
 * it. */
#ifndef ENGINE_SESSION_PRIVATE_H
#define ENGINE_SESSION_PRIVATE_H

#include "engine/session.h"
#include "engine/session_log.h"
#include "net/tls.h"

enum { SESSION_READ_SIZE = 16 * 1024 };

struct session {
    struct session_options options;
    struct mail *mail;
    struct dialogue *dialogue; /* of mail */
    struct session_log log;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *patience, *silence, *hole, *pause, *turn;
    bool pausing;
    bool stalled, told; /* in the step that is open; stalled() was called */
    struct buffer wire; /* to be written, before TLS; tls_out() after */
    struct tls *tls;
    bool tls_up;
    bool described; /* the certificate was judged */
    struct trust_waiter trust_waiter;
    struct gate_request request;
    enum { LOGIN_IDLE, LOGIN_ASKED, LOGIN_GRANTED, LOGIN_REPORTED } login;
    struct outbox_request mail_request;
    bool asked_outbox;
    bool inside; /* an accepted login that the gate must hear the end of */
    bool pumping, again, ended, delivered;
};

/* session.c: does what the dialogue wants until it waits; may be called from anywhere. */
void session_pump(struct session *s);
int64_t session_elapsed(const struct session *s);

/* session_tls.c. session_certificate_judged: false until the trust is there; session_pump() runs
 * again then. */
void session_begin_tls(struct session *s);
void session_shake_hands(struct session *s);
void session_describe(struct session *s);
bool session_certificate_judged(struct session *s);

/* session_login.c: asks the credential gate, and tells it what came of the login. */
void session_ask_gate(struct session *s);
void session_judge_login(struct session *s, const struct dialogue_row *row);
/* The session is over, whatever its login was. */
void session_leave_gate(struct session *s);

/* session_submit.c: asks the outbox, and notes in the trace what came of the message. */
void session_ask_outbox(struct session *s);
void session_note_message(struct session *s, const struct dialogue_row *row);
/* The session is over, whether it asked or not. */
void session_leave_outbox(struct session *s);

#endif
