#include "net/resolver_question.h"

#include "base/clock.h"

#include <assert.h>
#include <stdio.h>

enum { NS_PER_MS = 1000000 };

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
        if (!inquiry->exchange)
            continue;
        dns_exchange_forget(&inquiry->exchange);
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

static void inquiry_answered(void *arg, const struct dns_reply *reply)
{
    struct inquiry *inquiry = arg;
    struct question *question = inquiry->question;
    struct lookup *row = inquiry->row;
    struct arena *arena = &question->resolver->trace->arena;
    inquiry->exchange = NULL;
    row->transport = inquiry->transport == DNS_UDP ? "udp" : "tcp";
    if (reply->failure.kind != FAILURE_NONE) {
        row->error = reply->failure;
        note_icmp(row, arena, &reply->icmp);
        if (row->truncated)
            snprintf(row->error.text, sizeof row->error.text,
                     "the answer was cut off over UDP; over TCP: %.100s", reply->failure.text);
        else
            row->transport = "";
        inquiry_over(inquiry, reply->arrived_ns);
        return;
    }
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
    const struct question *question = inquiry->question;
    uint8_t query[DNS_QUERY_LIMIT];
    size_t size =
        dns_query_make(query, dns_server_id(inquiry->server), question->name, question->type);
    assert(size > 0); /* the name was looked at when it was asked */
    if (inquiry->plain)
        size = dns_query_plain(query, size);
    inquiry->exchange = dns_server_send(
        inquiry->server, inquiry->transport,
        (struct bytes) { .data = (const char *)query, .size = size }, inquiry_answered, inquiry);
}

static void share_over(void *arg)
{
    struct question *question = arg;
    loop_timer_stop(&question->timer);
    /* This timer may be late, and then answers wait in the sockets. */
    for (size_t i = 0; i < question->inquiry_count && question->asking; i++)
        if (question->inquiries[i].exchange)
            dns_server_drain(question->inquiries[i].server);
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
        .answer = { .rcode = -1, .ede = -1 },
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
        waiting |= question->inquiries[i].exchange != NULL;
        timely |= question->inquiries[i].exchange && !question->inquiries[i].overdue;
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
        if (!inquiry->exchange)
            continue;
        dns_exchange_forget(&inquiry->exchange);
        inquiry_close_row(inquiry, now);
    }
}
