/* The error that the caller saw somewhere, beside what this run saw. It joins the evidence, and it
 * never makes a fault of what works here. */
#include "diagnosis/explain.h"
#include "diagnosis/fill.h"
#include "diagnosis/rules.h"
#include "diagnosis/verdict.h"

#include <string.h>

struct report {
    const struct weighing *w;
    struct verdict *out;
    struct arena *arena;
    const struct class_entry *class;
    struct reported *reported;
};

/* ---- what may differ where it arose ---- */

static const char *security_words(const struct endpoint *endpoint)
{
    static const char *const words[SECURITY_COUNT] = {
        [SECURITY_PLAIN] = "no encryption",
        [SECURITY_STARTTLS] = "STARTTLS",
        [SECURITY_IMPLICIT] = "SSL/TLS from the start",
    };
    return words[endpoint->security];
}

/* "smtp.example.org 587 with STARTTLS, ...": the ways that lead to the login at least, documented
 * ones before all. */
static const char *ways_words(const struct report *r)
{
    const char *words = NULL;
    for (int documented = 1; documented >= 0 && !words; documented--)
        for (size_t i = 0; i < r->w->way_count; i++) {
            const struct way *way = &r->w->ways[i];
            const struct endpoint *e = way->endpoint;
            bool known = e->expectation == EXPECT_OFFERED || e->expectation == EXPECT_UNKNOWN;
            bool reached = way->state == WAY_OPEN || way->state == WAY_WORKS ||
                           (way->cause && way->cause->stage >= STAGE_LOGIN);
            if (!reached || known != documented)
                continue;
            words = arena_format(r->arena, "%s%s%s %d with %s", words ? words : "",
                                 words ? ", " : "", e->host, e->port, security_words(e));
        }
    return words;
}

static const char *network_words(const struct report *r)
{
    const struct vantage *from = &r->w->result->trace->from;
    const char *seen = from->public_address    ? from->public_address
                       : from->addresses.count ? from->addresses.items[0]
                                               : NULL;
    if (!seen)
        return "The network: run this from where the error arose";
    return arena_format(r->arena,
                        "The network: this run came from %s; run it from where the error arose, or "
                        "try there over a phone hotspot",
                        seen);
}

static const char *name_server_words(const struct report *r)
{
    const struct strings *servers = &r->w->result->trace->from.resolvers;
    if (!servers->count)
        return "The name server that is asked there, and a hosts file";
    return arena_format(r->arena,
                        "The name server that is asked there (here: %s), and a hosts file",
                        servers->items[0]);
}

static const char *mode_words(const struct report *r)
{
    const char *ways = ways_words(r);
    if (!ways)
        return "Server name, port and kind of encryption, as they are set there";
    return arena_format(r->arena, "Server name, port and kind of encryption; good here: %s", ways);
}

static const char *login_words(const struct report *r)
{
    const char *user = r->w->result->trace->target.user;
    if (!user)
        return "The login: most servers want the whole mail address";
    return arena_format(r->arena, "The login, whole and without blanks (here: %s)", user);
}

static const char *mechanism_words(const struct report *r)
{
    for (size_t i = 0; i < r->w->way_count; i++) {
        const struct attempt *attempt = r->w->ways[i].attempt;
        if (attempt && attempt->auth.outcome == LOGIN_ACCEPTED && attempt->auth.mechanism)
            return arena_format(r->arena, "The way of signing in: password or OAuth (here: %s)",
                                attempt->auth.mechanism);
    }
    return "The way of signing in: password, app password or OAuth";
}

static const char *from_words(const struct report *r)
{
    const char *address = r->w->result->trace->target.address;
    return address ? arena_format(r->arena, "The From address: %s, that of the login", address)
                   : "The From address: it must be one that the login may use";
}

enum difference {
    DIFFERS_NETWORK = 1,
    DIFFERS_NAME_SERVER,
    DIFFERS_MODE,
    DIFFERS_TRUST,
    DIFFERS_SCANNER,
    DIFFERS_PASSWORD,
    DIFFERS_LOGIN,
    DIFFERS_MECHANISM,
    DIFFERS_PLACE,
    DIFFERS_FROM,
    DIFFERS_MESSAGE,
    DIFFERS_LOAD,
    DIFFERS_MAILBOX,
    DIFFERS_TIME
};

static const char *difference_words(const struct report *r, enum difference difference)
{
    switch (difference) {
    case DIFFERS_NETWORK:
        return network_words(r);
    case DIFFERS_NAME_SERVER:
        return name_server_words(r);
    case DIFFERS_MODE:
        return mode_words(r);
    case DIFFERS_TRUST:
        return "The device: its clock, its list of root certificates, and whether it speaks TLS "
               "1.2";
    case DIFFERS_SCANNER:
        return "Security software, a VPN or a proxy on that device or in its network";
    case DIFFERS_PASSWORD:
        return "The password stored there: an old one is kept when it was changed elsewhere";
    case DIFFERS_LOGIN:
        return login_words(r);
    case DIFFERS_MECHANISM:
        return mechanism_words(r);
    case DIFFERS_PLACE:
        return "Sign-in rules that depend on place, device or program";
    case DIFFERS_FROM:
        return from_words(r);
    case DIFFERS_MESSAGE:
        return "The message: its recipients, size and content";
    case DIFFERS_LOAD:
        return "How many connections, messages or programs run there at the same time";
    case DIFFERS_MAILBOX:
        return "The mailbox that is opened: the login's own, or a shared one";
    case DIFFERS_TIME:
        return "The time: the fault may be over, or come and go";
    }
    return "";
}

enum { DIFFERENCES = 6 };

/* What explains an error of a stage that is not seen elsewhere; some classes have reasons of their
 * own. */
static const unsigned char by_stage[STAGE_COUNT][DIFFERENCES] = {
    [STAGE_NONE] = { DIFFERS_NETWORK, DIFFERS_MODE, DIFFERS_TIME },
    [STAGE_RESOLVE] = { DIFFERS_NAME_SERVER, DIFFERS_MODE, DIFFERS_NETWORK, DIFFERS_TIME },
    [STAGE_CONNECT] = { DIFFERS_NETWORK, DIFFERS_MODE, DIFFERS_SCANNER, DIFFERS_TIME },
    [STAGE_GREETING] = { DIFFERS_MODE, DIFFERS_NETWORK, DIFFERS_SCANNER, DIFFERS_TIME },
    [STAGE_CAPABILITY] = { DIFFERS_MODE, DIFFERS_SCANNER, DIFFERS_NETWORK },
    [STAGE_STARTTLS] = { DIFFERS_MODE, DIFFERS_SCANNER, DIFFERS_NETWORK },
    [STAGE_TLS] = { DIFFERS_TRUST, DIFFERS_SCANNER, DIFFERS_MODE, DIFFERS_NETWORK },
    [STAGE_LOGIN] = { DIFFERS_PASSWORD, DIFFERS_LOGIN, DIFFERS_MECHANISM, DIFFERS_PLACE,
                      DIFFERS_NETWORK, DIFFERS_TIME },
    [STAGE_MAILBOX] = { DIFFERS_MAILBOX, DIFFERS_LOGIN, DIFFERS_LOAD, DIFFERS_TIME },
    [STAGE_SUBMIT] = { DIFFERS_FROM, DIFFERS_MESSAGE, DIFFERS_LOGIN, DIFFERS_LOAD,
                       DIFFERS_NETWORK },
    [STAGE_GOODBYE] = { DIFFERS_NETWORK, DIFFERS_TIME },
};

static const struct special {
    const char *class_id;
    unsigned char differences[DIFFERENCES];
    bool late; /* it is often said only when a message is submitted, although it may come before */
} by_class[] = {
    { "client-ip-blocked", { DIFFERS_NETWORK, DIFFERS_MODE, DIFFERS_TIME }, true },
    { "throttled", { DIFFERS_LOAD, DIFFERS_TIME, DIFFERS_NETWORK }, true },
    { "server-temporarily-unavailable", { DIFFERS_TIME, DIFFERS_LOAD }, true },
    { "protocol-mismatch", { DIFFERS_MODE, DIFFERS_SCANNER, DIFFERS_NETWORK }, false },
    { "authentication-required-to-send",
      { DIFFERS_MODE, DIFFERS_MECHANISM, DIFFERS_PASSWORD, DIFFERS_LOGIN },
      true },
};

static const struct special *special_of(const struct class_entry *class)
{
    for (size_t i = 0; i < sizeof by_class / sizeof *by_class; i++)
        if (strcmp(by_class[i].class_id, class->id) == 0)
            return &by_class[i];
    return NULL;
}

static const unsigned char *differences_of(const struct class_entry *class)
{
    const struct special *special = special_of(class);
    return special ? special->differences : by_stage[class->stage];
}

/* The stage that a run must have passed to know that the error is not there. */
static enum stage stage_of(const struct class_entry *class)
{
    const struct special *special = special_of(class);
    return special && special->late ? STAGE_SUBMIT : class->stage;
}

static void compare(const struct report *r, const unsigned char *differences)
{
    for (size_t i = 0; i < DIFFERENCES && differences[i]; i++)
        strings_add(&r->reported->compare, r->arena,
                    difference_words(r, (enum difference)differences[i]));
}

/* ---- how it goes with the run ---- */

/* Did any conversation come so far that an error of this stage would have been seen? */
static bool is_tested(const struct report *r, enum stage stage)
{
    for (size_t i = 0; i < r->w->way_count; i++) {
        const struct attempt *attempt = r->w->ways[i].attempt;
        for (const struct step *s = attempt ? attempt->steps : NULL; s; s = s->next) {
            bool done = s->status == STATUS_OK || s->status == STATUS_WARNING ||
                        (s->status == STATUS_FAIL && s->error.kind != FAILURE_NO_MECHANISM &&
                         s->error.kind != FAILURE_HELD_BACK);
            if (done && s->stage >= stage && s->stage != STAGE_GOODBYE)
                return true;
        }
    }
    return stage <= STAGE_CONNECT && r->w->way_count;
}

static struct finding *same_finding(const struct report *r)
{
    for (struct finding *f = r->w->result->findings; f; f = f->next)
        if (strcmp(f->class_id, r->class->id) == 0)
            return f;
    return NULL;
}

static void add_evidence(const struct report *r, struct finding *finding)
{
    struct evidence *evidence = result_add_evidence(r->w->result, finding);
    evidence->endpoint = "";
    evidence->step = "reported";
    evidence->line = r->reported->line;
}

/* Two that say the same are surer than each; certain is only what excludes the neighbours. */
static enum confidence joined(enum confidence a, enum confidence b)
{
    enum confidence more = a > b ? a : b;
    return more == CONFIDENCE_POSSIBLE ? CONFIDENCE_LIKELY : more;
}

static void agree(const struct report *r, struct finding *seen)
{
    struct finding *f = r->w->result->findings;
    bool is_cause = r->out->class_id && strcmp(r->out->class_id, r->class->id) == 0;
    bool is_fault = is_cause && r->out->status == VERDICT_FAIL;
    r->reported->relation = REPORTED_AGREES;
    /* The verdict's own finding comes first, of several with that class. */
    for (; f && is_cause && r->out->endpoint; f = f->next)
        if (strcmp(f->class_id, seen->class_id) == 0 && strcmp(f->endpoint, r->out->endpoint) == 0)
            seen = f;
    add_evidence(r, seen);
    if (is_fault) {
        r->reported->summary = "The run saw the same fault.";
        r->out->confidence = joined(r->out->confidence, r->reported->confidence);
        seen->confidence = r->out->confidence;
        return;
    }
    const char *where = *seen->endpoint ? arena_format(r->arena, " at %s", seen->endpoint) : "";
    r->reported->summary = arena_format(
        r->arena,
        r->out->status == VERDICT_FAIL
            ? "The run saw it too%s, but something else stops what is needed."
            : "The run saw it too%s, where it stops nothing that is needed: another way works.",
        where);
    const char *ways = ways_words(r);
    if (ways && r->out->status != VERDICT_FAIL)
        strings_add(&r->reported->compare, r->arena, mode_words(r));
}

static bool is_near(const struct class_entry *class, const char *id)
{
    for (size_t i = 0; i < class->neighbour_count; i++)
        if (strcmp(catalogue_classes[class->neighbours[i].class_index].id, id) == 0)
            return true;
    return false;
}

static struct alternative *alternative_of(const struct report *r)
{
    struct alternative *a = r->w->result->verdict.alternatives;
    while (a && strcmp(a->class_id, r->class->id) != 0)
        a = a->next;
    if (!a) {
        a = result_add_alternative(r->w->result);
        a->class_id = r->class->id;
        a->title = r->reported->title;
    }
    a->confidence =
        a->confidence > r->reported->confidence ? a->confidence : r->reported->confidence;
    strings_add(&a->in_favour, r->arena, "the error that was reported says so");
    return a;
}

static void fit(const struct report *r)
{
    r->reported->relation = REPORTED_FITS;
    r->reported->summary = arena_format(
        r->arena, "It fits what the run saw (%s): the two can be the same fault in other words.",
        r->out->class_id);
    alternative_of(r);
}

/* One side came further than the other: it is not the same fault. */
static void contradict_fault(const struct report *r, const struct finding *cause)
{
    struct alternative *alternative = alternative_of(r);
    r->reported->relation = REPORTED_CONTRADICTS;
    strings_add(&alternative->against, r->arena, "this run did not see it");
    if (r->class->stage > cause->stage) {
        r->reported->summary =
            arena_format(r->arena,
                         "Where it arose somebody came as far as the %s; this run ends before it, "
                         "with %s. The two are different faults, or different networks.",
                         stage_name(r->class->stage), r->out->class_id);
        compare(r, by_stage[cause->stage]);
        return;
    }
    r->reported->summary = arena_format(
        r->arena, "This run did not see it: it came past that point and ended with %s.",
        r->out->class_id);
    compare(r, differences_of(r->class));
}

static void contradict_health(const struct report *r)
{
    r->reported->relation = REPORTED_CONTRADICTS;
    r->reported->summary = "This run did not see it: the same step went well here. Something "
                           "differs where it arose.";
    compare(r, differences_of(r->class));
}

static void leave_untested(const struct report *r)
{
    static const struct {
        enum stage stage;
        const char *summary;
    } gaps[] = {
        { STAGE_LOGIN, "The run can neither confirm nor deny it: no login was tried that came to "
                       "its answer." },
        { STAGE_MAILBOX, "The run can neither confirm nor deny it: no mailbox was opened." },
        { STAGE_SUBMIT, "The run can neither confirm nor deny it: no message was submitted." },
    };
    r->reported->relation = REPORTED_UNTESTED;
    r->reported->summary = "The run can neither confirm nor deny it: it did not come that far.";
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        if (gaps[i].stage == stage_of(r->class))
            r->reported->summary = gaps[i].summary;
    compare(r, differences_of(r->class));
}

static const struct finding *cause_of(const struct report *r)
{
    for (const struct finding *f = r->w->result->findings; f && r->out->class_id; f = f->next)
        if (strcmp(f->class_id, r->out->class_id) == 0)
            return f;
    return NULL;
}

static void relate(const struct report *r)
{
    struct finding *seen = same_finding(r);
    const struct finding *cause = r->out->status == VERDICT_FAIL ? cause_of(r) : NULL;
    const struct class_entry *verdict = cause ? rules_class(r->w->own, cause->class_id) : NULL;
    if (seen)
        agree(r, seen);
    else if (verdict && (is_near(verdict, r->class->id) || is_near(r->class, verdict->id)))
        fit(r);
    else if (cause && r->class->stage > cause->stage)
        contradict_fault(r, cause);
    else if (!is_tested(r, stage_of(r->class)))
        leave_untested(r);
    else if (cause)
        contradict_fault(r, cause);
    else
        contradict_health(r);
}

/* ---- what it says ---- */

/* Sets class, title and the words that decided; no class where the words tell no fault. */
static void classify_report(struct report *r)
{
    const struct target_facts *target = &r->w->result->trace->target;
    const struct provider *provider = target->provider ? provider_find(target->provider) : NULL;
    /* A host of no known provider: the words may tell more. */
    bool named = provider && strcmp(provider->id, "generic") != 0;
    struct explainer *explainer = explainer_new(named ? provider : NULL, NULL, r->w->own);
    struct judgement judgement = explain_block(explainer, target->reported);
    const struct class_entry *class = judgement.classified.class;
    if (class && judgement.weight > WEIGHT_SUCCESS) {
        struct values values = { 0 };
        if (named)
            values_set(&values, "provider", provider->title);
        r->class = class;
        r->reported->class_id = class->id;
        r->reported->title = fill_prose(r->arena, class->title, &values);
        r->reported->confidence = judgement.classified.confidence;
    }
    r->reported->line =
        arena_copy_bytes(r->arena, judgement.words.size ? judgement.words : target->reported);
    explainer_free(explainer);
}

void verdict_reported(const struct weighing *w, struct verdict *out)
{
    struct report report = { .w = w, .out = out, .arena = w->arena };
    if (!w->result->trace->target.reported.size)
        return;
    report.reported = out->reported = arena_new(w->arena, sizeof *out->reported);
    classify_report(&report);
    if (report.class) {
        relate(&report);
        return;
    }
    report.reported->relation = REPORTED_UNKNOWN;
    report.reported->summary = "Its words tell no fault that is known, so this run says nothing "
                               "about it.";
}
