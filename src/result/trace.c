#include "result/trace.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

static const char *const services[] = {
    [SERVICE_SMTP] = "smtp",
    [SERVICE_IMAP] = "imap",
    [SERVICE_POP3] = "pop3",
};
static const char *const securities[] = {
    [SECURITY_PLAIN] = "plain",
    [SECURITY_STARTTLS] = "starttls",
    [SECURITY_IMPLICIT] = "implicit",
};
static const char *const expectations[] = {
    [EXPECT_OFFERED] = "offered",
    [EXPECT_OPTIONAL] = "optional",
    [EXPECT_NOT_OFFERED] = "not-offered",
    [EXPECT_UNKNOWN] = "unknown",
};
static const char *const statuses[] = {
    [STATUS_OK] = "ok",           [STATUS_WARNING] = "warning", [STATUS_FAIL] = "fail",
    [STATUS_SKIPPED] = "skipped", [STATUS_CUT] = "cut",
};
static const char *const purposes[] = {
    [PURPOSE_MAIN] = "main",
    [PURPOSE_EXERCISE] = "exercise",
    [PURPOSE_SECOND_CLIENT] = "second-client",
    [PURPOSE_ARRIVAL] = "arrival",
    [PURPOSE_SNIFF] = "sniff",
    [PURPOSE_MSS] = "mss",
    [PURPOSE_AGAIN] = "again",
};
static const char *const hop_answers[] = {
    [HOP_SILENT] = "silent", [HOP_ROUTER] = "router",           [HOP_OPEN] = "open",
    [HOP_RESET] = "reset",   [HOP_UNREACHABLE] = "unreachable",
};
static const char *const login_outcomes[] = {
    [LOGIN_NOT_TRIED] = "not-tried", [LOGIN_ACCEPTED] = "accepted",   [LOGIN_JUDGED] = "judged",
    [LOGIN_UNJUDGED] = "unjudged",   [LOGIN_HELD_BACK] = "held-back",
};
static const char *const login_blocks[] = {
    [BLOCK_NONE] = "",
    [BLOCK_NO_CREDENTIAL] = "no-credential",
    [BLOCK_UNVERIFIED_TLS] = "unverified-tls",
    [BLOCK_GUESSED_HOST] = "guessed-host",
    [BLOCK_SHOWN_ELSEWHERE] = "shown-elsewhere",
    [BLOCK_REFUSED_ELSEWHERE] = "refused-elsewhere",
    [BLOCK_REFUSED_EARLIER] = "refused-earlier",
    [BLOCK_BEING_TRIED] = "being-tried",
    [BLOCK_UNKNOWN_EARLIER] = "unknown-earlier",
    [BLOCK_TRIED_ELSEWHERE] = "tried-elsewhere",
    [BLOCK_NO_MECHANISM] = "no-mechanism",
    [BLOCK_TOKEN_EXPIRED] = "token-expired",
    [BLOCK_TOKEN_AUDIENCE] = "token-audience",
};
static const char *const needs[] = { "send", "read", "imap", "pop", "relay", "endpoint", "any" };

#define COUNT(table) (sizeof(table) / sizeof *(table))
_Static_assert(COUNT(services) == SERVICE_COUNT, "a service without a word");
_Static_assert(COUNT(securities) == SECURITY_COUNT, "a security without a word");
_Static_assert(COUNT(expectations) == EXPECT_COUNT, "an expectation without a word");
_Static_assert(COUNT(statuses) == STATUS_COUNT, "a status without a word");
_Static_assert(COUNT(purposes) == PURPOSE_COUNT, "a purpose without a word");
_Static_assert(COUNT(login_outcomes) == LOGIN_OUTCOME_COUNT, "an outcome without a word");
_Static_assert(COUNT(login_blocks) == BLOCK_COUNT, "a block without a word");
_Static_assert(1 << (COUNT(needs) - 1) == NEED_ANY, "a need without a word");

static int find(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

const char *service_name(enum service service)
{
    return services[service];
}

const char *security_name(enum security security)
{
    return securities[security];
}

const char *expectation_name(enum expectation expectation)
{
    return expectations[expectation];
}

const char *status_name(enum status status)
{
    return statuses[status];
}

const char *purpose_name(enum purpose purpose)
{
    return purposes[purpose];
}

const char *hop_answer_name(enum hop_answer answer)
{
    return hop_answers[answer];
}

int hop_answer_parse(const char *word)
{
    return find(hop_answers, COUNT(hop_answers), word);
}

const char *login_outcome_name(enum login_outcome outcome)
{
    return login_outcomes[outcome];
}

const char *login_block_name(enum login_block block)
{
    return login_blocks[block];
}

const char *need_name(enum need need)
{
    for (size_t i = 0; i < COUNT(needs); i++)
        if ((unsigned)need == 1U << i)
            return needs[i];
    return NULL;
}

int service_parse(const char *word)
{
    return find(services, COUNT(services), word);
}

int security_parse(const char *word)
{
    return find(securities, COUNT(securities), word);
}

int expectation_parse(const char *word)
{
    return find(expectations, COUNT(expectations), word);
}

int status_parse(const char *word)
{
    return find(statuses, COUNT(statuses), word);
}

int purpose_parse(const char *word)
{
    return find(purposes, COUNT(purposes), word);
}

int login_outcome_parse(const char *word)
{
    return find(login_outcomes, COUNT(login_outcomes), word);
}

int login_block_parse(const char *word)
{
    return find(login_blocks, COUNT(login_blocks), word);
}

int need_parse(const char *word)
{
    int i = find(needs, COUNT(needs), word);
    return i < 0 ? 0 : 1 << i;
}

/* ---- building ---- */

struct trace *trace_new(void)
{
    struct trace *trace = memory_new(sizeof *trace);
    trace->complete = true;
    return trace;
}

void trace_free(struct trace *trace)
{
    if (!trace)
        return;
    trace_free(trace->recipient);
    arena_done(&trace->arena);
    free(trace);
}

/* The lists are short (tens) and keep the order of appearance, so appending walks them. Only a
 * transcript may grow long under a talkative server: it keeps its end. What is linked is legal
 * already: a thing begun counts as cut until somebody says how it ended. */

struct lookup *trace_add_lookup(struct trace *trace)
{
    struct lookup *lookup = arena_new(&trace->arena, sizeof *lookup);
    lookup->transport = "";
    lookup->ede = -1;
    lookup->duration_ns = -1;
    struct lookup **link = &trace->lookups;
    while (*link)
        link = &(*link)->next;
    return *link = lookup;
}

struct endpoint *trace_add_endpoint(struct trace *trace)
{
    struct endpoint *endpoint = arena_new(&trace->arena, sizeof *endpoint);
    endpoint->expectation = EXPECT_UNKNOWN;
    endpoint->status = STATUS_SKIPPED;
    struct endpoint **link = &trace->endpoints;
    while (*link)
        link = &(*link)->next;
    return *link = endpoint;
}

struct published *trace_add_published(struct trace *trace)
{
    struct published **link = &trace->published;
    while (*link)
        link = &(*link)->next;
    return *link = arena_new(&trace->arena, sizeof **link);
}

struct address *trace_link_address(struct trace *trace, struct address **list)
{
    struct address *address = arena_new(&trace->arena, sizeof *address);
    address->status = STATUS_CUT;
    address->connect_ns = -1;
    address->rtt_ns = -1;
    struct address **link = list;
    while (*link)
        link = &(*link)->next;
    return *link = address;
}

struct address *trace_add_address(struct trace *trace, struct endpoint *endpoint)
{
    return trace_link_address(trace, &endpoint->addresses);
}

struct attempt *trace_add_attempt(struct trace *trace, struct endpoint *endpoint,
                                  enum purpose purpose)
{
    struct attempt *attempt = arena_new(&trace->arena, sizeof *attempt);
    attempt->purpose = purpose;
    attempt->address = "";
    struct attempt **link = &endpoint->attempts;
    while (*link)
        link = &(*link)->next;
    return *link = attempt;
}

struct step *trace_add_step(struct trace *trace, struct attempt *attempt, const char *name,
                            enum stage stage)
{
    struct step *step = arena_new(&trace->arena, sizeof *step);
    step->name = name;
    step->stage = stage;
    step->status = STATUS_CUT;
    step->duration_ns = -1;
    struct step **link = &attempt->steps;
    while (*link)
        link = &(*link)->next;
    return *link = step;
}

struct exchange *trace_add_exchange(struct trace *trace, struct attempt *attempt, char direction,
                                    struct bytes line)
{
    struct exchange *exchange = arena_new(&trace->arena, sizeof *exchange);
    exchange->direction = direction;
    exchange->line = line;
    if (attempt->transcript_end)
        attempt->transcript_end->next = exchange;
    else
        attempt->transcript = exchange;
    return attempt->transcript_end = exchange;
}

/* ---- finding ---- */

bool tcp_is_lossless(const struct tcp_facts *facts)
{
    return facts && facts->total_retrans == 0 && facts->out_of_order == 0;
}

struct attempt *endpoint_attempt(const struct endpoint *endpoint, enum purpose purpose)
{
    for (struct attempt *attempt = endpoint->attempts; attempt; attempt = attempt->next)
        if (attempt->purpose == purpose)
            return attempt;
    return NULL;
}

struct step *attempt_step(const struct attempt *attempt, enum stage stage)
{
    struct step *last = NULL;
    for (struct step *step = attempt->steps; step; step = step->next)
        if (step->stage == stage)
            last = step;
    return last;
}

struct step *attempt_failed_step(const struct attempt *attempt)
{
    struct step *last = NULL;
    for (struct step *step = attempt->steps; step; step = step->next)
        if (step->status == STATUS_FAIL)
            last = step;
    return last;
}

bool attempt_took_message(const struct attempt *attempt)
{
    const struct step *step = attempt_step(attempt, STAGE_SUBMIT);
    return step && step->status == STATUS_OK && strcmp(step->name, "end of data") == 0;
}
