#include "diagnosis/survey.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NS_PER_MS = 1000000 };

const char *survey_service_word(const struct endpoint *endpoint)
{
    static const char *const words[SERVICE_COUNT] = {
        [SERVICE_SMTP] = "SMTP",
        [SERVICE_IMAP] = "IMAP",
        [SERVICE_POP3] = "POP3",
    };
    return words[endpoint->service];
}

struct values survey_values(const struct survey *survey, const struct endpoint *endpoint)
{
    const struct target_facts *target = &survey->trace->target;
    const struct provider *provider = survey->provider;
    struct values values = { 0 };
    /* Most logins are the address. */
    bool login = !target->address && target->user && strchr(target->user, '@');
    values_set(&values, "address", login ? target->user : target->address);
    values_set(&values, "user", target->user ? target->user : target->address);
    values_set(&values, "domain", target->domain);
    values_set(&values, "proxy", survey->trace->from.proxy);
    if (survey->trace->submission) {
        values_set(&values, "from", survey->trace->submission->from);
        values_set(&values, "to", survey->trace->submission->to);
    }
    if (provider) {
        values_set(&values, "admin", provider->administrator);
        /* "generic" has a title for a list, but no name to put into a sentence. */
        values_set(&values, "provider",
                   strcmp(provider->id, "generic") == 0 ? NULL : provider->title);
    }
    if (!endpoint)
        return values;
    values_set(&values, "host", endpoint->host);
    values_set(&values, "port", arena_format(survey->arena, "%d", endpoint->port));
    values_set(&values, "endpoint", endpoint->id);
    values_set(&values, "service", survey_service_word(endpoint));
    survey_allow(survey, &values, endpoint);
    return values;
}

void survey_mailbox_values(const struct survey *survey, struct values *values)
{
    const struct target_facts *target = &survey->trace->target;
    if (!target->mailbox)
        return;
    values_set(values, "address", target->mailbox);
    values_set(values, "delegate", target->user);
}

const char *survey_family(const struct survey *survey, const struct endpoint *endpoint)
{
    const struct provider *provider = endpoint ? provider_by_host(endpoint->host) : NULL;
    provider = provider ? provider : survey->provider;
    return provider ? provider->family : NULL;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static struct finding *find(const struct survey *survey, const char *id, const char *endpoint,
                            const char *address)
{
    for (struct finding *f = survey->result->findings; f; f = f->next)
        if (same(f->class_id, id) && same(f->endpoint, endpoint) && same(f->address, address))
            return f;
    return NULL;
}

static void fill_lists(struct survey *survey, struct finding *finding,
                       const struct class_entry *class, const char *family,
                       const struct values *values)
{
    struct arena *arena = survey->arena;
    bool fits = !class->only_for || (family && strcmp(class->only_for, family) == 0);
    for (size_t i = 0; class->fix[i]; i++)
        if ((fits || !(class->only_steps >> i & 1)) && fill_is_whole(class->fix[i], values))
            strings_add(&finding->fix, arena, fill_step(arena, class, class->fix[i], values));
    for (const char *const *command = class->commands; fits && command && *command; command++)
        strings_add(&finding->commands, arena, fill_command(arena, *command, values));
    for (const char *const *reference = class->references; *reference; reference++)
        strings_add(&finding->references, arena, *reference);
}

struct finding *survey_add(struct survey *survey, struct classified classified,
                           const struct endpoint *endpoint, const char *address,
                           const struct values *values)
{
    const struct class_entry *class = classified.class;
    const char *id = endpoint ? endpoint->id : "";
    if (!class)
        return NULL;
    struct finding *finding = endpoint ? find(survey, class->id, id, address) : NULL;
    if (finding)
        return finding;
    finding = result_add_finding(survey->result);
    finding->class_id = class->id;
    finding->severity = class->severity;
    finding->stage = class->stage;
    finding->owner = class->owner;
    finding->confidence = classified.confidence;
    finding->endpoint = id;
    finding->address = address;
    finding->title = fill_prose(survey->arena, class->title, values);
    finding->meaning = fill_prose(survey->arena, class->meaning, values);
    fill_lists(survey, finding, class, survey_family(survey, endpoint), values);
    return finding;
}

void survey_evidence(struct survey *survey, struct finding *finding,
                     const struct endpoint *endpoint, const char *address, const char *step,
                     int64_t at_ns, struct bytes line)
{
    if (!finding)
        return;
    struct evidence *evidence = result_add_evidence(survey->result, finding);
    evidence->endpoint = endpoint ? endpoint->id : "";
    evidence->address = address && *address ? address : NULL;
    evidence->step = step;
    evidence->at_ns = at_ns;
    evidence->line = line;
}

const char *survey_duration_words(struct arena *arena, int64_t took_ns)
{
    int64_t ms = (took_ns + NS_PER_MS / 2) / NS_PER_MS;
    if (ms < 1000)
        return arena_format(arena, "%" PRId64 " ms", ms);
    if (ms % 1000 < 50 || ms >= 10000)
        return arena_format(arena, "%" PRId64 " s", (ms + 500) / 1000);
    return arena_format(arena, "%" PRId64 ".%" PRId64 " s", (ms + 50) / 1000,
                        (ms + 50) % 1000 / 100);
}

const char *survey_failure_words(struct arena *arena, const struct failure *failure,
                                 int64_t took_ns)
{
    if (failure->kind == FAILURE_TIMED_OUT && took_ns > 0)
        return arena_format(arena, "no answer within %s", survey_duration_words(arena, took_ns));
    if (failure->kind == FAILURE_PROTOCOL_MISMATCH)
        return arena_format(arena, "answered by %s",
                            failure->text[0] ? failure->text : "something else");
    if (failure->text[0])
        return arena_copy(arena, failure->text);
    char *words = arena_copy(arena, failure_name(failure->kind));
    for (char *p = words; *p; p++)
        *p = *p == '_' ? ' ' : *p;
    return words;
}

/* The words of such a failure are the peer's, or the proxy's. */
static bool is_spoken(enum failure_kind kind)
{
    switch (kind) {
    case FAILURE_NONE:
    case FAILURE_REFUSED:
    case FAILURE_CONNECTION_CLOSED:
    case FAILURE_CONNECTION_RESET:
    case FAILURE_PROTOCOL_VIOLATION:
    case FAILURE_PROXY_BROKEN:
    case FAILURE_PROXY_LOGIN:
    case FAILURE_PROXY_REFUSED:
    case FAILURE_PROXY_TARGET:
    case FAILURE_PROXY_FAILED:
        return true;
    default:
        return false;
    }
}

void survey_step_evidence(struct survey *survey, struct finding *finding,
                          const struct endpoint *endpoint, const char *address,
                          const struct step *step)
{
    int64_t took_ns = step->duration_ns > 0 ? step->duration_ns : 0;
    struct bytes line = step->reply;
    if (!line.size || !is_spoken(step->error.kind))
        line = text_bytes(survey_failure_words(survey->arena, &step->error, took_ns));
    survey_evidence(survey, finding, endpoint, address, step->name, step->start_ns + took_ns, line);
}

struct classified survey_event(enum stage stage, enum failure_kind kind)
{
    char event[64];
    snprintf(event, sizeof event, "%s.%s", stage_name(stage), failure_name(kind));
    return classify_event(event);
}

/* A server that hangs up may have said why just before. */
static bool said_why(const struct step *step)
{
    char first = step->reply.size ? step->reply.data[0] : '2';
    switch (step->error.kind) {
    case FAILURE_REFUSED:
        return step->reply.size > 0;
    case FAILURE_CONNECTION_CLOSED:
    case FAILURE_CONNECTION_RESET:
        return first != '2' && first != '3' && first != '+';
    default:
        return false;
    }
}

struct classified survey_step_class(const struct survey *survey, const struct endpoint *endpoint,
                                    const struct step *step)
{
    if (said_why(step)) {
        struct words words = {
            .text = step->reply,
            .protocol = (int)endpoint->service,
            .stage = step->stage,
            .provider = survey_family(survey, endpoint),
            .own = survey->own,
        };
        struct classified classified = classify(&words);
        if (classified.class)
            return classified;
        if (step->error.kind != FAILURE_REFUSED)
            return classify_event("goodbye.goodbye_words");
    }
    return survey_event(step->stage, step->error.kind);
}

const char *survey_when(const struct attempt *attempt, const struct step *step)
{
    if (step->stage <= STAGE_GREETING)
        return "before its greeting";
    if (step->stage == STAGE_LOGIN)
        return "during the login";
    if (step->stage > STAGE_LOGIN)
        return "after the login";
    return attempt->tls && attempt->tls->version ? "in the encrypted conversation"
                                                 : "after its greeting";
}
