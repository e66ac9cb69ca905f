/* A dialogue: one client conversation of a line-based mail protocol, without any I/O.
 *
 * A protocol is a table of steps. A row holds the name reports use, how long to wait, what to say
 * and where a good reply leads; a function stands in a row only where something is decided, and it
 * *returns the next step*, so that forgetting to move on does not compile. The engine owns no
 * socket, reads no clock and calls nobody back: bytes and events go in, bytes to write and a wish
 * come out, and what happened is taken off a queue of rows which the driver stamps with the time.
 * It is the same for SMTP, IMAP and POP3.
 *
 *     driver                                      dialogue
 *     dialogue_event(d, DIALOGUE_OPEN)       ->   need REPLY, patience 30 s
 *     dialogue_bytes(d, "220 ready\r\n")     ->   out "EHLO probe\r\n"
 *     dialogue_row() until NULL              <-   LEAVE greeting ok; ENTER EHLO; SAID "EHLO probe"
 *     ... TLS is wanted                           need TLS: drain the socket once, shake hands,
 *     dialogue_event(d, DIALOGUE_TLS_UP)          go on
 *     ... a login is wanted                       need PERMIT: ask the credential gate,
 *     dialogue_permit(d, BLOCK or NULL)           go on
 *     ... a task lets time pass                   need PAUSE: pause_ms, or until there is a reason,
 *     dialogue_event(d, DIALOGUE_RESUME)          go on
 *     ... the end                                 need NOTHING; `failed`
 *
 * Every step is entered once and left once. A reply that is lost, broken or too long ends the
 * dialogue; a refusal goes where the table says, so that most still end with a polite goodbye. The
 * goodbye itself cannot fail: an answer or a close is OUTCOME_OK, anything else OUTCOME_CUT.
 *
 * Not re-entrant, no threads. */
#ifndef PROBES_DIALOGUE_H
#define PROBES_DIALOGUE_H

#include "base/buffer.h"
#include "base/failure.h"
#include "base/secret.h"
#include "base/stage.h"

enum {
    STEP_OPENING = 0, /* the first row of every table; never a `.then`, so zero can mean "unset" */
    STEP_STAY = -1,   /* listen again without speaking */
    STEP_DONE = -2,
    STEP_FAILED = -3,
    STEP_GOODBYE = -4, /* from a task's row: the protocol's own last word */
    STEP_TASK = 64,    /* the first row of a task's table */
};

enum {
    DIALOGUE_REPLY_LIMIT = 64 * 1024, /* bytes of one reply; more is FAILURE_REPLY_TOO_LONG */
    DIALOGUE_LINE_SHOWN = 64, /* so much of a line shows whether the protocol is spoken at all */
};

enum reply_kind {
    REPLY_OK,
    REPLY_MORE, /* SMTP 3xx, IMAP and POP3 "+" */
    REPLY_TEMP, /* a refusal that says "later" */
    REPLY_NO
};

/* One whole reply. Bytes are borrowed until the handler returns. */
struct reply {
    enum reply_kind kind;
    int code;          /* SMTP's three digits, 0 elsewhere */
    struct bytes text; /* all lines as received, line ends included, secrets already blotted out */
};

struct dialogue;

struct dialogue_step {
    const char *name; /* for reports: "EHLO", "end of data" */
    enum stage stage;
    int patience_ms;  /* how long the driver waits for the reply, from entering the step */
    const char *line; /* what to say, without CR LF; or */
    void (*say)(struct dialogue *d, struct buffer *out);        /* appends it, with CR LF */
    int (*hear)(struct dialogue *d, const struct reply *reply); /* decides; returns the next step;
                                   its own index: it speaks again, and is still the same step */
    int (*decide)(struct dialogue *d); /* no words at all: ends at once; returns the next step */
    int then; /* without hear: where REPLY_OK leads; with it: the row that may be said behind this
                 one (.ahead), and that hear returns, come what may, while two steps are open */
    int otherwise; /* without hear: where a refusal leads; 0 means STEP_FAILED */
    bool tls; /* no words: the driver shakes hands, then TLS_UP; hear gets REPLY_OK without text */
    /* No words: the connection is left alone for so many milliseconds, or, when that is negative,
     * until the driver has a reason to go on; then hear gets REPLY_OK without text. */
    int (*pause)(struct dialogue *d);
    bool secret;    /* what is said is redacted in the log */
    bool permit;    /* the driver must allow it before it begins: ENTER comes with the permission */
    bool multiline; /* POP3: a good reply runs on to the lone dot */
    bool ahead; /* may be said before the last reply, where nothing depends on that (see dialogue.c)
                 */
};

/* How many bytes at the start of PENDING are one whole reply to the step d->awaited: 0 when more
 * are needed, -1 when this can be no reply of the protocol. Finds edges and sets kind and code,
 * nothing else. It may keep in d->scanned where the first unfinished line starts, so that no line
 * is read twice. The answer must rest on the shortest prefix that decides, so that chunks cannot
 * matter: a line is judged when it is whole or DIALOGUE_LINE_SHOWN bytes long. With -1,
 * ret_reply->text says how many bytes decided; why may be set by dialogue_reject(), else it is a
 * protocol violation. */
typedef long dialogue_frame(struct dialogue *d, struct bytes pending, struct reply *ret_reply);

struct protocol {
    const char *name; /* "smtp" */
    const struct dialogue_step *steps;
    int step_count;
    dialogue_frame *frame;
    /* The step that DIALOGUE_OPEN enters; NULL: STEP_OPENING. Implicit TLS starts elsewhere. */
    int (*open)(struct dialogue *d);
    /* May an .ahead row be said before the last reply now? NULL: always. */
    bool (*pipelines)(struct dialogue *d);
    /* Where a step that may not speak (permit refused) leads. */
    int (*held_back)(struct dialogue *d);
    int goodbye; /* where STEP_GOODBYE leads; 0: the protocol takes no task */
};

/* What is done between the login and the goodbye: a further table of steps behind a protocol's own.
 * Its rows are numbered from STEP_TASK on and lead among themselves, or to STEP_GOODBYE. */
struct dialogue_task {
    const char *name;
    const struct dialogue_step *steps;
    int step_count;
};

enum dialogue_need {
    DIALOGUE_NEEDS_REPLY,
    DIALOGUE_NEEDS_TLS,
    DIALOGUE_NEEDS_PERMIT,
    DIALOGUE_NEEDS_PAUSE,
    DIALOGUE_NEEDS_NOTHING
};
enum dialogue_event {
    DIALOGUE_OPEN,
    DIALOGUE_TLS_UP,
    DIALOGUE_RESUME, /* the pause is over */
    DIALOGUE_EOF,
    DIALOGUE_RESET,
    DIALOGUE_TIMEOUT,
    DIALOGUE_CANCEL
};

/* What happened, in order. */
enum dialogue_row_kind {
    ROW_ENTER, /* a step began: step */
    ROW_SAID,  /* line: what was said, redacted, without CR LF */
    ROW_HEARD, /* line: one line of a reply, without its line end */
    ROW_LEAVE  /* a step ended: step, outcome, failure, line (the whole reply without its last line
                  end) */
};
enum dialogue_outcome { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_SKIPPED, OUTCOME_CUT };

struct dialogue_row {
    enum dialogue_row_kind kind;
    const struct dialogue_step *step;
    enum dialogue_outcome outcome;
    struct failure failure;
    const char *blocked_by; /* OUTCOME_SKIPPED; static text */
    struct bytes line;      /* borrowed until the next call on the dialogue */
};

struct dialogue_log;

struct dialogue {
    const struct protocol *protocol;
    const struct dialogue_task *task; /* NULL: none; set before OPEN */
    struct buffer out;                /* to be written by the driver; through TLS once it is up */
    enum dialogue_need need;
    int patience_ms; /* of the oldest step that still waits for an answer; it runs from that step's
                        ENTER, its permission, or, where it was said ahead, from the LEAVE before
                        it. 0 while need is PERMIT, PAUSE or NOTHING */
    int pause_ms;    /* while need is PAUSE: how long; negative: until DIALOGUE_RESUME */
    bool failed;     /* once need is NOTHING: a step failed */
    bool tls;        /* TLS_UP was heard */
    /* private to dialogue.c; a frame reads awaited and open and may keep its place in scanned */
    int at, awaited;    /* the step last entered; the oldest unanswered */
    int open;           /* how many steps are entered and unanswered: more than one with .ahead */
    struct buffer in;   /* what came and is no whole reply yet */
    size_t scanned;     /* bytes of IN that the frame need not read again */
    struct buffer note; /* goes before the reply in the LEAVE row of the step under way */
    size_t said_public; /* bytes at the front of the line being said that the log may show */
    size_t said_from;   /* where in OUT that line starts */
    struct dialogue_log *log;
    const struct secret *secrets[2]; /* blotted out of replies */
    struct failure why; /* set by dialogue_refuse() and dialogue_fail() for the row under way */
    const char *why_blocked;
};

/* Embedded: a protocol's state begins with a struct dialogue. SECRETS (either may be NULL) are
 * borrowed until done. */
void dialogue_init(struct dialogue *d, const struct protocol *protocol,
                   const struct secret *password, const struct secret *token);
void dialogue_done(struct dialogue *d); /* wipes */

/* ---- for the driver ---- */

/* Plain text as it arrived (after TLS: decrypted). Any chunking gives the same outcome. */
void dialogue_bytes(struct dialogue *d, struct bytes bytes);
void dialogue_event(struct dialogue *d, enum dialogue_event event);
/* While need is PERMIT: BLOCKED_BY NULL allows the step to speak; else it is skipped for that
 * reason (static text), with FAILURE_HELD_BACK. At any other time it is ignored, as is an event
 * that the dialogue does not wait for. */
void dialogue_permit(struct dialogue *d, const char *blocked_by);
/* While need is TLS, or at once after STARTTLS: bytes that came behind the reply in clear. They are
 * never fed in; the step that waits for TLS fails with FAILURE_PLAINTEXT_INJECTED. */
void dialogue_injected(struct dialogue *d, struct bytes bytes);
/* The driver's own failure of the step under way: TLS that could not be negotiated, a lost
 * connection with detail. */
void dialogue_fail(struct dialogue *d, struct failure failure);
/* The next row that was not yet taken; false when there is none. */
bool dialogue_row(struct dialogue *d, struct dialogue_row *ret_row);

/* ---- for protocols: called from say and hear, and from a frame ---- */

/* The step whose reply is due. */
const struct dialogue_step *dialogue_awaited(const struct dialogue *d);

/* Records that the step under way was refused by the reply and returns NEXT. */
int dialogue_refuse(struct dialogue *d, int next);
/* Records another failure of the step under way and returns NEXT. */
int dialogue_reject(struct dialogue *d, struct failure failure, int next);
/* Records that the step under way was not carried out, and why, and returns NEXT. */
int dialogue_skip(struct dialogue *d, const char *blocked_by, int next);

/* For .secret rows, while saying: what was appended to OUT so far (the verb, the mechanism) may be
 * shown; what follows on the line becomes "********". Without this call the whole line does. */
void dialogue_public(struct dialogue *d, const struct buffer *out);
/* Puts TEXT, known secrets blotted out, before the reply in the LEAVE row of the step under way:
 * for words that came encoded in an earlier reply of the same step. */
void dialogue_note(struct dialogue *d, struct bytes text);

/* Checks a protocol's table, and a task's; NULL when it is sound, else what is wrong. For the unit
 * tests. */
const char *protocol_check(const struct protocol *protocol);
const char *task_check(const struct dialogue_task *task);

#endif
