#include "net/resolver.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/resolver_question.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_BUDGET_MS = 5000 };

struct waiter {
    struct waiter *next;
    resolver_function *function;
    void *arg;
};

/* ---- telling ---- */

static void tell_one(void *arg)
{
    struct question *question = arg;
    loop_timer_stop(&question->turn);
    struct waiter waiter = *question->waiters;
    free(question->waiters);
    question->waiters = waiter.next;
    if (waiter.next)
        question->turn = loop_timer_start(question->resolver->loop, 0, tell_one, question);
    struct resolution resolution = question->resolution;
    /* Last: it may ask again, or free the resolver. */
    waiter.function(waiter.arg, &resolution);
}

static void tell_soon(struct question *question)
{
    if (question->known && question->waiters && !question->turn)
        question->turn = loop_timer_start(question->resolver->loop, 0, tell_one, question);
}

void question_know(struct question *question, struct resolution resolution)
{
    if (question->known)
        return;
    question->known = true;
    question->resolution = resolution;
    tell_soon(question);
}

/* ---- answers without a name server ---- */

static struct dns_answer address_answer(struct arena *arena, const struct strings *texts)
{
    struct dns_answer answer = { .ede = -1, .count = texts->count };
    answer.records = arena_new(arena, (texts->count + 1) * sizeof *answer.records);
    for (size_t i = 0; i < texts->count; i++)
        answer.records[i].text = texts->items[i];
    return answer;
}

/* The address in TEXT, when it is of the family asked for, needs no lookup. */
static void answer_itself(struct question *question, const struct net_address *address)
{
    struct arena *arena = &question->resolver->trace->arena;
    char text[EVIDENCE_ADDRESS_SIZE];
    enum dns_type type = net_address_family(address) == 4 ? DNS_A : DNS_AAAA;
    struct strings texts = { 0 };
    if (type == question->type)
        strings_add(&texts, arena, arena_copy(arena, net_address_text(address, text)));
    question_know(question, (struct resolution) { .answer = address_answer(arena, &texts) });
}

/* RFC 6761 section 6.3: such names are never asked of a name server. */
static bool is_localhost(const char *name)
{
    return text_equal_fold(name, "localhost") || text_ends_fold(name, ".localhost");
}

/* Notes an entry of the hosts file as a lookup of its own. The file's word covers the name as a
 * whole: with an address of one family only, every client here finds none of the other. */
static void look_into_hosts(struct question *question)
{
    struct resolver *resolver = question->resolver;
    struct arena *arena = &resolver->trace->arena;
    struct strings v4, v6;
    if (resolver->beside || (question->type != DNS_A && question->type != DNS_AAAA))
        return;
    resolver_find_host(resolver->hosts_file, question->name, arena, &v4, &v6);
    if (v4.count == 0 && v6.count == 0)
        return;
    struct lookup *row = question_row(question, resolver->hosts_file);
    row->source = LOOKUP_HOSTS;
    row->answers = question->type == DNS_A ? v4 : v6;
    row->error = (struct failure) { 0 };
    if (row->answers.count == 0)
        row->error = failure_make(FAILURE_NO_ADDRESS,
                                  "the hosts file has the name with the other family only");
    row->duration_ns = clock_mono_ns() - resolver->started_ns - row->start_ns;
    question->hosts =
        (struct resolution) { .lookup = row, .answer = address_answer(arena, &row->answers) };
}

static void question_begin(struct question *question)
{
    struct resolver *resolver = question->resolver;
    struct net_address address;
    uint8_t query[DNS_QUERY_LIMIT];
    if (net_address_parse(&address, question->name, 0)) {
        answer_itself(question, &address);
        return;
    }
    if (dns_query_make(query, 0, question->name, question->type) == 0) {
        struct lookup *row = question_row(question, "");
        row->error = failure_make(FAILURE_HOST_NOT_FOUND, "this is no valid domain name");
        row->duration_ns = 0;
        question_know(question,
                      (struct resolution) { .lookup = row, .answer = { .rcode = -1, .ede = -1 } });
        return;
    }
    look_into_hosts(question);
    bool local = is_localhost(question->name);
    if (question->hosts.lookup && (local || !resolver->chosen))
        question_know(question, question->hosts);
    if (local) {
        net_address_parse(&address, question->type == DNS_AAAA ? "::1" : "127.0.0.1", 0);
        answer_itself(question, &address); /* unless the hosts file had it */
        return;
    }
    question_ask(question);
}

static struct question *find_question(struct resolver *resolver, const char *name,
                                      enum dns_type type)
{
    for (struct question *q = resolver->questions; q; q = q->next)
        if (q->type == type && text_equal_fold(q->name, name))
            return q;
    return NULL;
}

void resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                  resolver_function *function, void *arg)
{
    char *copy = arena_copy(&resolver->trace->arena, name);
    size_t length = strlen(copy);
    if (length > 1 && copy[length - 1] == '.')
        copy[length - 1] = '\0';
    struct question *question = find_question(resolver, copy, type);
    bool fresh = !question;
    if (fresh) {
        question = memory_new(sizeof *question);
        question->resolver = resolver;
        question->name = copy;
        question->type = type;
        question->next = resolver->questions;
        resolver->questions = question;
    }
    struct waiter **link = &question->waiters;
    while (*link)
        link = &(*link)->next;
    *link = memory_new(sizeof **link);
    **link = (struct waiter) { .function = function, .arg = arg };
    if (fresh)
        question_begin(question);
    else
        tell_soon(question);
}

/* ---- the resolver ---- */

static size_t choose_servers(const struct resolver_options *options,
                             struct net_address servers[static RESOLVER_SERVER_LIMIT])
{
    if (options->server)
        return resolver_parse_server(&servers[0], options->server) ? 1 : 0;
    const char *file = options->resolv_conf ? options->resolv_conf : "/etc/resolv.conf";
    size_t count = resolver_read_servers(file, servers);
    if (count > 0)
        return count;
    /* resolv.conf(5): without an entry, the name server on this machine. */
    resolver_parse_server(&servers[0], "127.0.0.1");
    return 1;
}

static char *server_error(const char *server)
{
    struct buffer shown;
    buffer_init(&shown, 1024);
    text_escape(&shown, text_bytes(server));
    struct bytes bytes = buffer_bytes(&shown);
    char *message = memory_format("'%.*s' is no name server's address: write ADDRESS or "
                                  "ADDRESS:PORT, an IPv6 address with a port in brackets",
                                  (int)bytes.size, bytes.data ? bytes.data : "");
    buffer_done(&shown);
    return message;
}

struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              struct trace *trace, int64_t started_ns, char **ret_error)
{
    struct net_address servers[RESOLVER_SERVER_LIMIT];
    *ret_error = NULL;
    size_t count = choose_servers(options, servers);
    if (count == 0) {
        *ret_error = server_error(options->server);
        return NULL;
    }
    struct resolver *resolver = memory_new(sizeof *resolver);
    resolver->loop = loop;
    resolver->trace = trace;
    resolver->started_ns = started_ns;
    resolver->budget_ms = options->budget_ms > 0 ? options->budget_ms : DEFAULT_BUDGET_MS;
    resolver->chosen = options->server != NULL;
    resolver->beside = options->beside;
    resolver->hosts_file =
        arena_copy(&trace->arena, options->hosts ? options->hosts : "/etc/hosts");
    resolver->server_count = count;
    int unit_ms = resolver->budget_ms / (int)count / RESOLVER_UNITS_PER_SHARE;
    resolver->unit_ms = unit_ms > 1 ? unit_ms : 1;
    for (size_t i = 0; i < count; i++) {
        char text[EVIDENCE_ADDRESS_SIZE];
        const char *name = arena_copy(&trace->arena, net_address_text_port(&servers[i], text));
        resolver->server_names[i] = name;
        resolver->servers[i] =
            dns_server_new(loop, &servers[i], options->source, resolver->unit_ms);
        strings_add(&trace->from.resolvers, &trace->arena, name);
    }
    return resolver;
}

static void question_free(struct question *question)
{
    question_cancel(question);
    while (question->waiters) {
        struct waiter *waiter = question->waiters;
        question->waiters = waiter->next;
        free(waiter);
    }
    loop_timer_stop(&question->turn);
    free(question);
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    while (resolver->questions) {
        struct question *question = resolver->questions;
        resolver->questions = question->next;
        question_free(question);
    }
    for (size_t i = 0; i < resolver->server_count; i++)
        dns_server_free(resolver->servers[i]);
    free(resolver);
}
