#include "net/resolver_question.h"

#include "base/clock.h"

#include <assert.h>
#include <stdio.h>

enum {
    NS_PER_MS = 1000000,
    UNITS_OF_SILENCE = 2, /* over UDP, until TCP is tried too: the query was sent twice by then */
    PROOF_MS = 50,        /* between two proofs, at least */
};

/* ---- rows ---- */

struct lookup *question_row(struct question *question, const char *server)
{
    struct resolver *resolver = question->resolver;
    struct lookup *row = trace_add_lookup(resolver->trace);
    row->name = question->name;
    row->type = dns_type_name(question->type);
    row->server = server;
    row->beside = resolver->beside;
    row->start_ns = clock_mono_ns() - resolver->started_ns;
    /* What it stays if the run ends first. */
    row->error = failure_make(FAILURE_CANCELLED, "the run ended before the answer");
    return row;
}

static const char *rcode_text(struct arena *arena, int rcode)
{
    const char *name = dns_rcode_name(rcode);
    return name ? name : arena_format(arena, "RCODE%d", rcode);
}

static struct failure judge(const struct dns_answer *answer)
{
    switch (answer->rcode) {
    case -1:
        return failure_make(FAILURE_BAD_ANSWER, "the answer is malformed");
    case 0:
        if (answer->cname_loop)
            return failure_make(FAILURE_BAD_ANSWER, "the aliases (CNAME) lead in a circle");
        if (answer->count == 0)
            return failure_make(FAILURE_NO_ADDRESS,
                                "the name exists, but has no record of this type");
        return (struct failure) { 0 };
    case 2:
        return failure_make(FAILURE_SERVER_FAILURE, "the name server could not find an answer");
    case 3:
        return failure_make(FAILURE_HOST_NOT_FOUND, "the name does not exist");
    case 5:
        return failure_make(FAILURE_QUERY_REFUSED, "the name server refuses to answer us");
    default:
        return failure_make(FAILURE_BAD_ANSWER, "the name server did not understand the question");
    }
}

static void fill_row(struct lookup *row, struct arena *arena, const struct dns_answer *answer)
{
    row->rcode = answer->rcode < 0 ? NULL : rcode_text(arena, answer->rcode);
    row->error = judge(answer);
    row->cname = answer->cname;
    row->ad = answer->authentic;
    row->ede = answer->ede;
    row->zone = answer->zone;
    for (size_t i = 0; i < answer->count; i++)
        strings_add(&row->answers, arena, answer->records[i].text);
}

/* ---- asking name servers ---- */

static void inquiry_send(struct inquiry *inquiry);
static void question_go_on(struct question *question);

static bool is_open(const struct inquiry *inquiry)
{
    return inquiry->exchange || inquiry->beside || inquiry->patience;
}

static void inquiry_stop(struct inquiry *inquiry)
{
    dns_exchange_forget(&inquiry->exchange);
    dns_exchange_forget(&inquiry->beside);
    for (size_t i = 0; i < inquiry->proof_count; i++)
        dns_exchange_forget(&inquiry->proofs[i].exchange);
    loop_timer_stop(&inquiry->patience);
}

static void inquiry_close_row(struct inquiry *inquiry, int64_t at_ns)
{
    int64_t took = at_ns - inquiry->sent_ns;
    inquiry->row->duration_ns = took > 0 ? took : 0;
}

/* The answers that settle a question: the name is there, or it is not. All else is this server's
 * trouble, and the next one is asked. */
static bool is_final(const struct inquiry *inquiry)
{
    return inquiry->row->rcode && (inquiry->answer.rcode == 0 || inquiry->answer.rcode == 3);
}

/* What became of a server that was still being waited for. */
static struct failure unanswered(const struct inquiry *inquiry)
{
    if (!inquiry->overdue)
        return failure_make(FAILURE_CANCELLED, "another name server answered first");
    return failure_make(FAILURE_TIMED_OUT,
                        inquiry->row->truncated
                            ? "the answer was cut off over UDP, and none came over TCP"
                            : "the name server did not answer");
}

static void question_settle(struct question *question, const struct inquiry *chosen)
{
    int64_t now = clock_mono_ns();
    question->asking = false;
    loop_timer_stop(&question->timer);
    for (size_t i = 0; i < question->inquiry_count; i++) {
        struct inquiry *inquiry = &question->inquiries[i];
        if (!is_open(inquiry))
            continue;
        inquiry_stop(inquiry);
        inquiry_close_row(inquiry, now);
        inquiry->row->error = unanswered(inquiry);
    }
    if (question->hosts.lookup && chosen->answer.count == 0)
        question_know(question, question->hosts);
    question_know(question,
                  (struct resolution) { .lookup = chosen->row, .answer = chosen->answer });
}

/* When no server settled it: one that answered tells more than one that did not. */
static const struct inquiry *most_telling(const struct question *question)
{
    for (size_t i = 0; i < question->inquiry_count; i++)
        if (question->inquiries[i].row->rcode)
            return &question->inquiries[i];
    return &question->inquiries[0];
}

static void inquiry_over(struct inquiry *inquiry, int64_t at_ns)
{
    inquiry_stop(inquiry);
    inquiry_close_row(inquiry, at_ns);
    if (is_final(inquiry))
        question_settle(inquiry->question, inquiry);
    else
        question_go_on(inquiry->question);
}

static void note_icmp(struct lookup *row, struct arena *arena, const struct net_icmp *icmp)
{
    if (!icmp->seen)
        return;
    row->icmp = arena_new(arena, sizeof *row->icmp);
    *row->icmp = (struct icmp) {
        .type = icmp->type,
        .code = icmp->code,
        .sender = arena_copy(arena, icmp->sender),
    };
}

static void inquiry_answered(void *arg, const struct dns_reply *reply);

static struct dns_exchange *carry(struct inquiry *inquiry, enum dns_transport transport,
                                  dns_reply_function *function, void *arg)
{
    const struct question *question = inquiry->question;
    uint8_t query[DNS_QUERY_LIMIT];
    size_t size =
        dns_query_make(query, dns_server_id(inquiry->server), question->name, question->type);
    assert(size > 0); /* the name was looked at when it was asked */
    if (inquiry->plain)
        size = dns_query_plain(query, size);
    return dns_server_send(inquiry->server, transport,
                           (struct bytes) { .data = (const char *)query, .size = size }, function,
                           arg);
}

/* ---- TCP, where UDP brings nothing ---- */

static void be_patient(struct inquiry *inquiry, int64_t wait_ms, loop_function *function)
{
    loop_timer_stop(&inquiry->patience);
    inquiry->patience =
        loop_timer_start(inquiry->question->resolver->loop, wait_ms, function, inquiry);
}

static int64_t silence_ms(const struct inquiry *inquiry)
{
    return (int64_t)UNITS_OF_SILENCE * inquiry->question->resolver->unit_ms;
}

/* The answer came over TCP, and UDP has not brought one yet. */
static bool has_tcp_answer(const struct inquiry *inquiry)
{
    return is_open(inquiry) && inquiry->answer.rcode >= 0;
}

static void take_tcp_answer(struct inquiry *inquiry, bool proven)
{
    struct question *question = inquiry->question;
    struct resolver *resolver = question->resolver;
    inquiry->row->udp_failed = proven;
    inquiry->row->transport = "tcp";
    fill_row(inquiry->row, &resolver->trace->arena, &inquiry->answer);
    resolver->tcp_only[inquiry - question->inquiries] = true;
    inquiry_over(inquiry, clock_mono_ns());
}

static void proof_answered(void *arg, const struct dns_reply *reply)
{
    struct proof *proof = arg;
    proof->exchange = NULL;
    if (reply->failure.kind != FAILURE_NONE) /* the first exchange meets the same */
        return;
    dns_exchange_forget(&proof->inquiry->exchange);
    inquiry_answered(proof->inquiry, reply);
}

/* The server has the answer at hand now: over UDP it would come as quickly as it came over TCP. A
 * few packets get lost, but hardly all of so many. */
static void prove_silence(void *arg)
{
    struct inquiry *inquiry = arg;
    dns_server_drain(inquiry->server); /* this timer may be late */
    if (!inquiry->patience)            /* an answer lay there */
        return;
    if (inquiry->proof_count == RESOLVER_PROOFS) {
        take_tcp_answer(inquiry, true);
        return;
    }
    struct proof *proof = &inquiry->proofs[inquiry->proof_count++];
    proof->inquiry = inquiry;
    proof->exchange = carry(inquiry, DNS_UDP, proof_answered, proof);
    be_patient(inquiry, inquiry->proof_ms, prove_silence);
}

static bool has_time_for_proofs(const struct inquiry *inquiry, int64_t now_ns)
{
    int64_t share_ns =
        (int64_t)RESOLVER_UNITS_PER_SHARE * inquiry->question->resolver->unit_ms * NS_PER_MS;
    return now_ns + (RESOLVER_PROOFS + 2) * inquiry->proof_ms * NS_PER_MS <
           inquiry->sent_ns + share_ns;
}

static void beside_over(void *arg)
{
    struct inquiry *inquiry = arg;
    inquiry_over(inquiry, clock_mono_ns());
}

static void answered_beside(void *arg, const struct dns_reply *reply)
{
    struct inquiry *inquiry = arg;
    const struct question *question = inquiry->question;
    inquiry->beside = NULL;
    if (reply->failure.kind == FAILURE_NONE)
        dns_answer_read(&inquiry->answer, &question->resolver->trace->arena, reply->message,
                        question->name, question->type);
    bool answered = inquiry->answer.rcode >= 0;
    if (!inquiry->exchange && answered) { /* and UDP was refused */
        take_tcp_answer(inquiry, true);
    } else if (!inquiry->exchange) {
        inquiry_over(inquiry, reply->arrived_ns);
    } else if (answered) {
        /* TCP takes two round trips at least, UDP one. */
        int64_t took_ms = (reply->arrived_ns - inquiry->beside_ns) / NS_PER_MS;
        inquiry->proof_ms = took_ms > PROOF_MS ? took_ms : PROOF_MS;
        if (has_time_for_proofs(inquiry, reply->arrived_ns))
            be_patient(inquiry, inquiry->proof_ms, prove_silence);
        else
            take_tcp_answer(inquiry, false);
    }
}

/* Where UDP is dropped or refused TCP may pass, and any question may be asked over it (RFC 7766
 * section 5). */
static void ask_beside(void *arg)
{
    struct inquiry *inquiry = arg;
    loop_timer_stop(&inquiry->patience);
    inquiry->beside_ns = clock_mono_ns();
    inquiry->beside = carry(inquiry, DNS_TCP, answered_beside, inquiry);
}

/* Not a moment longer than for UDP's silence is waited for TCP. */
static void udp_failed(struct inquiry *inquiry)
{
    if (has_tcp_answer(inquiry)) {
        take_tcp_answer(inquiry, true);
        return;
    }
    if (!inquiry->beside)
        ask_beside(inquiry);
    be_patient(inquiry, silence_ms(inquiry), beside_over);
}

/* ---- one server's answer ---- */

static void inquiry_failed(struct inquiry *inquiry, const struct dns_reply *reply)
{
    struct lookup *row = inquiry->row;
    row->error = reply->failure;
    note_icmp(row, &inquiry->question->resolver->trace->arena, &reply->icmp);
    if (row->truncated)
        snprintf(row->error.text, sizeof row->error.text,
                 "the answer was cut off over UDP; over TCP: %.100s", reply->failure.text);
    else
        row->transport = "";
    if (inquiry->transport == DNS_UDP)
        udp_failed(inquiry);
    else
        inquiry_over(inquiry, reply->arrived_ns);
}

static void inquiry_answered(void *arg, const struct dns_reply *reply)
{
    struct inquiry *inquiry = arg;
    struct question *question = inquiry->question;
    struct lookup *row = inquiry->row;
    struct arena *arena = &question->resolver->trace->arena;
    inquiry->exchange = NULL;
    row->transport = inquiry->transport == DNS_UDP ? "udp" : "tcp";
    if (reply->failure.kind != FAILURE_NONE) {
        inquiry_failed(inquiry, reply);
        return;
    }
    inquiry_stop(inquiry);
    struct dns_answer answer;
    dns_answer_read(&answer, arena, reply->message, question->name, question->type);
    if (answer.truncated && inquiry->transport == DNS_UDP) {
        /* RFC 7766 section 5: what came is incomplete, TCP has it all. */
        row->truncated = true;
        row->transport = "tcp";
        inquiry->transport = DNS_TCP;
        inquiry_send(inquiry);
        return;
    }
    /* RFC 6891 section 7: a server that does not know EDNS says FORMERR, an odd one NOTIMP. */
    if ((answer.rcode == 1 || answer.rcode == 4) && !inquiry->plain) {
        inquiry->plain = true;
        inquiry_send(inquiry);
        return;
    }
    inquiry->answer = answer;
    fill_row(row, arena, &answer);
    inquiry_over(inquiry, reply->arrived_ns);
}

static void inquiry_send(struct inquiry *inquiry)
{
    inquiry->answer = (struct dns_answer) { .rcode = -1, .ede = -1 };
    inquiry->exchange = carry(inquiry, inquiry->transport, inquiry_answered, inquiry);
    if (inquiry->transport == DNS_UDP)
        be_patient(inquiry, silence_ms(inquiry), ask_beside);
}

static void share_over(void *arg)
{
    struct question *question = arg;
    loop_timer_stop(&question->timer);
    /* This timer may be late, and then answers wait in the sockets. */
    for (size_t i = 0; i < question->inquiry_count && question->asking; i++)
        if (is_open(&question->inquiries[i]))
            dns_server_drain(question->inquiries[i].server);
    for (size_t i = 0; i < question->inquiry_count && question->asking; i++)
        if (has_tcp_answer(&question->inquiries[i]))
            take_tcp_answer(&question->inquiries[i], false);
    if (!question->asking || question->timer) /* settled, or another server was asked meanwhile */
        return;
    for (size_t i = 0; i < question->inquiry_count; i++)
        question->inquiries[i].overdue = true;
    if (question->inquiry_count < question->resolver->server_count)
        question_go_on(question);
    else
        question_settle(question, most_telling(question));
}

static void ask_next_server(struct question *question)
{
    struct resolver *resolver = question->resolver;
    size_t index = question->inquiry_count++;
    struct inquiry *inquiry = &question->inquiries[index];
    *inquiry = (struct inquiry) {
        .question = question,
        .server = resolver->servers[index],
        .row = question_row(question, resolver->server_names[index]),
        .transport = resolver->tcp_only[index] ? DNS_TCP : DNS_UDP,
    };
    inquiry->sent_ns = clock_mono_ns();
    int64_t left_ms = (question->deadline_ns - inquiry->sent_ns + NS_PER_MS - 1) / NS_PER_MS;
    int64_t share_ms = left_ms / (int64_t)(resolver->server_count - index);
    loop_timer_stop(&question->timer);
    question->timer =
        loop_timer_start(resolver->loop, share_ms > 0 ? share_ms : 1, share_over, question);
    inquiry_send(inquiry);
}

/* An inquiry came to nothing, or its share is up: on to the next server, if the last one asked is
 * not worth waiting for. */
static void question_go_on(struct question *question)
{
    bool waiting = false, timely = false;
    for (size_t i = 0; i < question->inquiry_count; i++) {
        waiting |= is_open(&question->inquiries[i]);
        timely |= is_open(&question->inquiries[i]) && !question->inquiries[i].overdue;
    }
    if (timely)
        return;
    if (question->inquiry_count < question->resolver->server_count)
        ask_next_server(question);
    else if (!waiting)
        question_settle(question, most_telling(question));
}

void question_ask(struct question *question)
{
    question->asking = true;
    question->deadline_ns = clock_mono_ns() + (int64_t)question->resolver->budget_ms * NS_PER_MS;
    ask_next_server(question);
}

void question_cancel(struct question *question)
{
    int64_t now = clock_mono_ns();
    loop_timer_stop(&question->timer);
    for (size_t i = 0; i < question->inquiry_count; i++) {
        struct inquiry *inquiry = &question->inquiries[i];
        if (!is_open(inquiry))
            continue;
        inquiry_stop(inquiry);
        inquiry_close_row(inquiry, now);
    }
}
