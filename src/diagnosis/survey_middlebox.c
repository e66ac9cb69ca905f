/* Boxes on the way that take part in the conversation: they blot out words, take the offer to
 * encrypt away, answer in the server's place, or send the connection elsewhere. */
#include "diagnosis/survey.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { STARS_LEAST = 8, MASK_LEAST = 4, HOST_SIZE = 256 };

/* ---- what is blotted out ---- */

/* Cisco's inspection of SMTP turns nearly every character of the greeting into a star. */
static bool is_starred(struct bytes greeting)
{
    size_t stars = 0, words = 0;
    struct bytes line = { 0 };
    text_next_line(&greeting, &line);
    for (size_t i = 4; i < line.size; i++) {
        stars += line.data[i] == '*';
        words += line.data[i] != ' ' && line.data[i] != '*';
    }
    return stars >= STARS_LEAST && stars > words;
}

/* A keyword that the same inspection does not know, or may not let through, becomes X of equal
 * length, the last one counted up: STARTTLS becomes XXXXXXXA. */
static bool is_masked(const char *capability)
{
    size_t size = strcspn(capability, " "), same = strspn(capability, "X");
    if (size < MASK_LEAST || same + 1 < size)
        return false;
    return same == size || isupper((unsigned char)capability[size - 1]);
}

static const char *masked_in(const struct strings *capabilities)
{
    for (size_t i = 0; i < capabilities->count; i++)
        if (is_masked(capabilities->items[i]))
            return capabilities->items[i];
    return NULL;
}

static struct bytes greeting_of(const struct attempt *attempt)
{
    const struct step *step = attempt_step(attempt, STAGE_GREETING);
    return step ? step->reply : (struct bytes) { 0 };
}

/* A host of a provider that is known by name, on a port that it documents. */
static bool is_documented(const struct endpoint *endpoint)
{
    return provider_by_host(endpoint->host) &&
           (endpoint->expectation == EXPECT_OFFERED || endpoint->expectation == EXPECT_OPTIONAL);
}

/* The event of what rewrites the conversation, and the sign of it in words; NULL: nothing does. */
static const char *rewriting(const struct survey *survey, const struct endpoint *endpoint,
                             const struct attempt *attempt, const char **ret_sign)
{
    const char *masked = masked_in(&attempt->capabilities.before);
    if (endpoint->service != SERVICE_SMTP || endpoint->security == SECURITY_IMPLICIT)
        return NULL;
    if (masked) {
        *ret_sign = arena_format(survey->arena, "it announces %s instead of a capability", masked);
        return "capability.rewritten";
    }
    *ret_sign = "its greeting is blotted out with stars";
    return is_starred(greeting_of(attempt)) ? "greeting.rewritten" : NULL;
}

/* ---- packets that do not fit ---- */

/* A step that waited in vain, did so a second time, and worked over another connection with small
 * packets of which not one was lost. Anything less happens on any lossy way. */
static const struct step *worked_small(const struct endpoint *endpoint, const struct step *step)
{
    const struct attempt *small = endpoint_attempt(endpoint, PURPOSE_MSS);
    const struct attempt *again = endpoint_attempt(endpoint, PURPOSE_AGAIN);
    const struct step *same = small ? attempt_step(small, step->stage) : NULL;
    const struct step *second = again ? attempt_step(again, step->stage) : NULL;
    bool waited = step->error.kind == FAILURE_TIMED_OUT && step->stage > STAGE_CONNECT;
    bool twice = second && second->status == STATUS_FAIL && second->error.kind == FAILURE_TIMED_OUT;
    bool passed = same && same->status == STATUS_OK && tcp_is_lossless(small->tcp);
    return waited && twice && passed ? same : NULL;
}

static bool is_swallowed(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    const struct step *failed = attempt ? attempt_failed_step(attempt) : NULL;
    return failed && worked_small(endpoint, failed);
}

/* On one port it may be that server's own; the same on two is the way's. */
static const char *large_packets_event(const struct survey *survey)
{
    int count = 0;
    for (const struct endpoint *e = survey->trace->endpoints; e; e = e->next)
        count += is_swallowed(e);
    return count > 1 ? "connect.large_packets_lost" : "tls.large_packets_lost";
}

void survey_small_packets(struct survey *survey, struct finding *finding,
                          const struct endpoint *endpoint, const struct step *step)
{
    const struct step *same = worked_small(endpoint, step);
    const struct attempt *small = endpoint_attempt(endpoint, PURPOSE_MSS);
    const struct attempt *again = endpoint_attempt(endpoint, PURPOSE_AGAIN);
    if (!same)
        return;
    const struct step *second = attempt_step(again, step->stage);
    survey_evidence(survey, finding, endpoint, again->address, second->name,
                    second->start_ns + second->duration_ns,
                    text_bytes("a second connection: packets are missing at the same place"));
    survey_evidence(survey, finding, endpoint, small->address, same->name,
                    same->start_ns + same->duration_ns,
                    text_bytes(arena_format(
                        survey->arena, "with small packets only: worked in %s, none was lost",
                        survey_duration_words(survey->arena, same->duration_ns))));
}

/* ---- steps that failed because of a box ---- */

static bool speaks_http(const struct step *step)
{
    return step->error.kind == FAILURE_PROTOCOL_MISMATCH &&
           text_starts_fold(text_bytes(step->error.text), "HTTP");
}

/* RFC 6585 section 6: the status that only such networks use. */
static bool wants_sign_in(const struct step *step)
{
    return text_starts_fold(step->reply, "HTTP/1.1 511") ||
           text_starts_fold(step->reply, "HTTP/1.0 511");
}

const char *survey_box_event(const struct survey *survey, const struct endpoint *endpoint,
                             const struct attempt *attempt, const struct step *step,
                             struct values *values)
{
    if (worked_small(endpoint, step))
        return large_packets_event(survey);
    if (speaks_http(step)) {
        if (wants_sign_in(step))
            return "greeting.portal_login";
        return is_documented(endpoint) ? "greeting.portal" : NULL;
    }
    if (step->error.kind != FAILURE_NOT_OFFERED || endpoint->security != SECURITY_STARTTLS)
        return NULL;
    const char *sign = NULL, *event = rewriting(survey, endpoint, attempt, &sign);
    if (!event && is_documented(endpoint)) {
        event = "starttls.removed";
        sign = "the offer to encrypt is missing, which the provider makes everywhere";
    }
    values_set(values, "sign", sign);
    return event;
}

/* ---- conversations that went on all the same ---- */

static bool has_capability(const struct strings *list, const char *capability)
{
    struct bytes word = { capability, strcspn(capability, " ") };
    for (size_t i = 0; i < list->count; i++)
        if (strcspn(list->items[i], " ") == word.size &&
            strncmp(list->items[i], word.data, word.size) == 0)
            return true;
    return false;
}

/* What the server offers inside TLS, where no box can read, and did not seem to in clear. */
static const char *hidden(const struct survey *survey, const struct capability_facts *facts)
{
    const char *words = NULL;
    for (size_t i = 0; i < facts->after.count; i++) {
        const char *capability = facts->after.items[i];
        bool usual = text_starts_fold(text_bytes(capability), "AUTH");
        if (usual || has_capability(&facts->before, capability))
            continue;
        words = words ? arena_format(survey->arena, "%s, %s", words, capability) : capability;
    }
    return words;
}

static void add_rewriting(struct survey *survey, const struct endpoint *endpoint,
                          const struct attempt *attempt)
{
    const char *sign = NULL, *event = rewriting(survey, endpoint, attempt, &sign);
    const struct step *greeting = attempt_step(attempt, STAGE_GREETING);
    const struct step *step = attempt_step(attempt, STAGE_CAPABILITY);
    if (!event)
        return;
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "sign", sign);
    struct classified classified = classify_event(event);
    for (const struct finding *f = survey->result->findings; f && classified.class; f = f->next)
        if (strcmp(f->class_id, classified.class->id) == 0 &&
            strcmp(f->endpoint, endpoint->id) == 0)
            return; /* it has ended the conversation, and that is said already */
    struct finding *finding = survey_add(survey, classified, endpoint, NULL, &values);
    if (!finding)
        return;
    finding->severity = SEVERITY_WARNING;
    if (greeting && is_starred(greeting->reply))
        survey_step_evidence(survey, finding, endpoint, attempt->address, greeting);
    if (step)
        survey_step_evidence(survey, finding, endpoint, attempt->address, step);
    const char *more = hidden(survey, &attempt->capabilities);
    if (more && attempt->capabilities.after_seen)
        survey_evidence(survey, finding, endpoint, attempt->address, "capabilities inside TLS",
                        step ? step->start_ns : attempt->start_ns,
                        text_bytes(arena_format(survey->arena, "offered only there: %s", more)));
}

/* ---- another server ---- */

/* The name a server gives itself (RFC 5321 section 4.2: the first word of the greeting); false when
 * that is none. */
static bool banner_host(struct bytes greeting, char host[static HOST_SIZE])
{
    size_t size = 0, dots = 0;
    for (size_t i = 4; i < greeting.size && size + 1 < HOST_SIZE; i++) {
        char c = greeting.data[i];
        if (!isalnum((unsigned char)c) && c != '-' && c != '.')
            break;
        dots += c == '.';
        host[size++] = c;
    }
    host[size] = '\0';
    return greeting.size > 4 && strncmp(greeting.data, "220", 3) == 0 && dots > 0 && size > 3 &&
           host[size - 1] != '.';
}

/* The last two labels: enough to say that two names are of one house, never that they are not. */
static const char *house(const char *host)
{
    const char *last = strrchr(host, '.'), *start = last;
    while (start && start > host && start[-1] != '.')
        start--;
    return start ? start : host;
}

/* Does the certificate belong to the house that greeted, and to nobody of the provider's? */
static bool is_shown_by(const struct certificate *leaf, const char *host, const char *family)
{
    bool same = false;
    for (size_t i = 0; i < leaf->names.count; i++) {
        const char *name = leaf->names.items[i];
        name += strncmp(name, "*.", 2) == 0 ? 2 : 0;
        const struct provider *owner = provider_by_host(name);
        if (owner && strcmp(owner->family, family) == 0)
            return false;
        same = same || text_equal_fold(house(name), house(host));
    }
    return same;
}

/* For hosts of known providers only: everybody else may well put a name of his own before a
 * hoster's server, with the hoster's greeting and certificate. */
static void check_redirection(struct survey *survey, const struct endpoint *endpoint,
                              const struct attempt *attempt)
{
    char host[HOST_SIZE];
    const struct provider *called = provider_by_host(endpoint->host);
    const struct tls_facts *tls = attempt->tls;
    const struct step *greeting = attempt_step(attempt, STAGE_GREETING);
    if (!called || !tls || !tls->chain || !tls->name_checked || tls->name_matches)
        return;
    if (endpoint->service != SERVICE_SMTP || !greeting || !banner_host(greeting->reply, host))
        return;
    const struct provider *answered = provider_by_host(host);
    if ((answered && strcmp(answered->family, called->family) == 0) ||
        text_equal_fold(house(host), house(endpoint->host)) ||
        !is_shown_by(tls->chain, host, called->family))
        return;
    struct values values = survey_values(survey, endpoint);
    values_set(&values, "answered", arena_copy(survey->arena, host));
    struct finding *finding =
        survey_add(survey, classify_event("greeting.redirected"), endpoint, NULL, &values);
    survey_step_evidence(survey, finding, endpoint, attempt->address, greeting);
    survey_evidence(
        survey, finding, endpoint, attempt->address, "TLS handshake", greeting->start_ns,
        text_bytes(arena_format(survey->arena, "certificate for %s", tls->chain->names.items[0])));
}

void survey_middlebox(struct survey *survey, const struct endpoint *endpoint,
                      const struct attempt *attempt)
{
    add_rewriting(survey, endpoint, attempt);
    check_redirection(survey, endpoint, attempt);
}
