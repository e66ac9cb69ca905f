/* What a verdict says beside its cause: needs, what else it could be, what was not tested. */
#include "diagnosis/verdict.h"

#include "diagnosis/fill.h"
#include "providers/provider.h"

#include <string.h>

/* ---- weights ---- */

static bool is_encryption(const struct finding *finding)
{
    return finding->stage == STAGE_STARTTLS || finding->stage == STAGE_TLS;
}

static bool is_documented(const struct way *way)
{
    enum expectation expectation = way->endpoint->expectation;
    return expectation == EXPECT_OFFERED || expectation == EXPECT_UNKNOWN;
}

/* How grave the findings of WAY may be at most, now that it is known what is needed of it. */
static enum severity ceiling(const struct weighing *w, const struct way *way,
                             const struct finding *finding)
{
    enum severity most = SEVERITY_INFO;
    bool broken = way->state == WAY_FAILED || way->state == WAY_UNFIT;
    for (size_t i = 0; i < w->wish_count; i++) {
        const struct wish *wish = &w->wishes[i];
        if (!wish_covers(wish, way))
            continue;
        bool open =
            wish->status == NEED_STATUS_FAIL || (wish->status == NEED_STATUS_UNTESTED && !wish->by);
        if (open && way->state != WAY_UNFIT)
            return SEVERITY_ERROR;
        if (wish->status == NEED_STATUS_FAIL || !broken)
            return SEVERITY_ERROR;
        /* Met on another way. What is worth a word all the same: encryption that is broken, and a
         * documented port that fails where only an optional one is left. */
        bool poorer = wish->by && is_documented(way) && !is_documented(wish->by);
        if ((is_encryption(finding) && is_documented(way)) || (poorer && way->state != WAY_UNFIT))
            most = SEVERITY_WARNING;
    }
    return most;
}

static void regrade_names(const struct weighing *w)
{
    for (struct finding *f = w->result->findings; f; f = f->next) {
        enum severity most = SEVERITY_INFO;
        if (*f->endpoint || f->severity != SEVERITY_ERROR || !w->way_count)
            continue;
        for (size_t i = 0; i < w->way_count; i++)
            if (w->ways[i].cause == f && ceiling(w, &w->ways[i], f) > most)
                most = ceiling(w, &w->ways[i], f);
        f->severity = most;
    }
}

static enum status status_of(const struct way *way, const struct finding *findings)
{
    if (way->state == WAY_UNTESTED)
        return STATUS_SKIPPED;
    if (way->state == WAY_FAILED || way->state == WAY_UNFIT)
        return way->endpoint->expectation == EXPECT_NOT_OFFERED &&
                       way->cause->stage == STAGE_CONNECT
                   ? STATUS_SKIPPED
                   : STATUS_FAIL;
    for (const struct finding *f = findings; f; f = f->next)
        if (f->severity >= SEVERITY_WARNING && strcmp(f->endpoint, way->endpoint->id) == 0)
            return STATUS_WARNING;
    return STATUS_OK;
}

void regrade(const struct weighing *w)
{
    regrade_names(w);
    for (size_t i = 0; i < w->way_count; i++) {
        const struct way *way = &w->ways[i];
        for (struct finding *f = w->result->findings; f; f = f->next) {
            if (strcmp(f->endpoint, way->endpoint->id) != 0)
                continue;
            enum severity most = ceiling(w, way, f);
            f->severity = f->severity < most ? f->severity : most;
        }
        way->endpoint->status = status_of(way, w->result->findings);
    }
}

/* ---- needs ---- */

enum { SENDS = NEED_SEND | NEED_RELAY, READS = NEED_READ | NEED_IMAP | NEED_POP };

/* Is WISH about sending (or about reading)? */
static bool is_about(const struct wish *wish, bool send)
{
    /* A port for mail between servers shows nothing of a person's sending. */
    if (wish->need == NEED_ENDPOINT && wish->endpoint->transfer)
        return false;
    int service = wish->need == NEED_ENDPOINT ? (int)wish->endpoint->service : wish->service;
    if (wish->need == NEED_ENDPOINT || wish->need == NEED_ANY)
        return service >= 0 && (service == SERVICE_SMTP) == send;
    return (unsigned)wish->need & (send ? (unsigned)SENDS : (unsigned)READS);
}

/* The sum of the wishes of one direction: one failure fails it, else one that is untested leaves
 * it so. */
static enum need_status sum(const struct weighing *w, bool send, const char **ret_by)
{
    enum need_status status = NEED_STATUS_OK;
    bool some = false;
    for (size_t i = 0; i < w->wish_count; i++) {
        const struct wish *wish = &w->wishes[i];
        if (!is_about(wish, send))
            continue;
        some = true;
        if (wish->status == NEED_STATUS_OK && !*ret_by)
            *ret_by = wish->by->endpoint->id;
        if (wish->status == NEED_STATUS_FAIL)
            status = NEED_STATUS_FAIL;
        else if (wish->status == NEED_STATUS_UNTESTED && status == NEED_STATUS_OK)
            status = NEED_STATUS_UNTESTED;
    }
    return some ? status : NEED_STATUS_UNTESTED;
}

static bool wants(const struct weighing *w, bool send)
{
    for (size_t i = 0; i < w->wish_count; i++)
        if (is_about(&w->wishes[i], send))
            return true;
    return false;
}

const char *verdict_met_words(const struct weighing *w, const struct finding *warning)
{
    const char *by = NULL, *what;
    bool sends = wants(w, true), reads = wants(w, false);
    bool send = sends && sum(w, true, &by) == NEED_STATUS_OK;
    bool read = reads && sum(w, false, &by) == NEED_STATUS_OK;
    if (send && read)
        what = "The login for sending and reading works";
    else if (send)
        what = reads ? "The login for sending works; the one for reading was not tested"
                     : "The login for sending works";
    else if (read)
        what = sends ? "The login for reading works; the one for sending was not tested"
                     : "The login for reading works";
    else
        what = "The way to the server is open; the login was not tested";
    const struct submission_facts *submission = w->result->trace->submission;
    if (submission && submission->accepted)
        what = read    ? "The test message was accepted, and the login for reading works"
               : reads ? "The test message was accepted; the login for reading was not tested"
                       : "The test message was accepted";
    if (!warning)
        return arena_format(w->arena, "%s.", what);
    if (warning->address)
        return arena_format(w->arena, "%s. But of the server's addresses %s fails here.", what,
                            warning->address);
    return arena_format(w->arena, "%s. But: %s", what, warning->title);
}

/* ---- what was not tested ---- */

static void note(const struct weighing *w, struct verdict *out, const char *text)
{
    for (size_t i = 0; i < out->not_tested.count; i++)
        if (strcmp(out->not_tested.items[i], text) == 0)
            return;
    strings_add(&out->not_tested, w->arena, text);
}

static const char *login_gap(const struct weighing *w, enum login_block block)
{
    const struct token_facts *token = w->result->trace->token;
    switch (block) {
    case BLOCK_NO_CREDENTIAL:
        return token && token->asked_in_vain ? "the login (there is no access token)"
                                             : "the login (none was given)";
    case BLOCK_UNVERIFIED_TLS:
        return "the login where the certificate does not hold";
    case BLOCK_GUESSED_HOST:
        return "the login at servers whose name is a guess";
    case BLOCK_REFUSED_ELSEWHERE:
    case BLOCK_TRIED_ELSEWHERE:
        return "the login on further ports (not tried after the refusal)";
    case BLOCK_REFUSED_EARLIER:
        return "the login (refused within the last 30 minutes, not tried again)";
    case BLOCK_BEING_TRIED:
        return "the login (another run on this machine was trying it)";
    case BLOCK_UNKNOWN_EARLIER:
        return "the login (a run was killed while it tried it, not tried again)";
    case BLOCK_TOKEN_EXPIRED:
    case BLOCK_TOKEN_AUDIENCE:
        return "the login where the access token itself says that it can be no good (not sent; "
               "--retry-login sends it all the same)";
    case BLOCK_NO_MECHANISM:
        return "the login where nothing offered fits the secret given";
    default:
        return NULL;
    }
}

/* On a port for mail between servers a login that was given is not tried. */
static void note_transfer(const struct weighing *w, struct verdict *out)
{
    for (size_t i = 0; i < w->way_count; i++)
        if (!w->ways[i].endpoint->transfer ||
            (w->ways[i].attempt && w->ways[i].attempt->auth.outcome != LOGIN_NOT_TRIED &&
             w->ways[i].attempt->auth.outcome != LOGIN_HELD_BACK))
            return;
    if (w->way_count && w->result->trace->target.user)
        note(w, out, "the login (mail between servers goes without one, so it was not tried)");
}

static void note_logins(const struct weighing *w, struct verdict *out)
{
    size_t before = out->not_tested.count;
    for (size_t i = 0; i < w->way_count; i++) {
        const struct attempt *attempt = w->ways[i].attempt;
        const struct step *step = attempt ? attempt_step(attempt, STAGE_LOGIN) : NULL;
        int block = step && step->blocked_by ? login_block_parse(step->blocked_by) : -1;
        bool unfit = step && step->error.kind == FAILURE_NO_MECHANISM;
        const char *gap = unfit ? login_gap(w, BLOCK_NO_MECHANISM)
                                : login_gap(w, block > 0 ? (enum login_block)block : BLOCK_NONE);
        if (gap)
            note(w, out, gap);
    }
    if (out->not_tested.count == before)
        note_transfer(w, out);
}

/* A family that this machine does not have was not tested, whatever the servers offer. */
static void note_families(const struct weighing *w, struct verdict *out)
{
    for (int family = 4; family <= 6; family += 2) {
        bool skipped = false, tried = false;
        for (size_t i = 0; i < w->way_count; i++)
            for (const struct address *a = w->ways[i].endpoint->addresses; a; a = a->next) {
                bool lack =
                    a->status == STATUS_SKIPPED || a->error.kind == FAILURE_ADDRESS_NOT_AVAILABLE;
                skipped = skipped || (a->family == family && lack);
                tried = tried || (a->family == family && !lack);
            }
        if (skipped && !tried)
            note(w, out,
                 family == 6 ? "IPv6 (this machine has none)" : "IPv4 (this machine has none)");
    }
}

/* What a proxy hides. The server's name was resolved there, too. */
static void note_proxy(const struct weighing *w, struct verdict *out)
{
    if (!w->result->trace->from.proxy)
        return;
    note(w, out,
         "the way behind the proxy: it hides the server's addresses, whether IPv4 or IPv6 "
         "leads there, every hop, ICMP message and packet that is too large");
    note(w, out, "the way without the proxy");
}

/* Was this run's own mailbox looked into for the message, or a bounce? */
static bool was_looked_into(const struct weighing *w)
{
    for (size_t i = 0; i < w->way_count; i++)
        if (endpoint_attempt(w->ways[i].endpoint, PURPOSE_ARRIVAL))
            return true;
    return false;
}

/* The message left whole, and no answer came back: what became of it only the mailbox shows (RFC
 * 5321 section 4.5.3.2.6). */
static bool is_unanswered(const struct trace *trace)
{
    const char *id = trace->submission->endpoint;
    for (const struct endpoint *e = id ? trace->endpoints : NULL; e; e = e->next) {
        const struct attempt *sent =
            strcmp(e->id, id) == 0 ? endpoint_attempt(e, PURPOSE_MAIN) : NULL;
        for (const struct step *s = sent ? sent->steps : NULL; s; s = s->next)
            if (strcmp(s->name, "end of data") == 0)
                return s->status != STATUS_OK && !s->reply.size;
    }
    return false;
}

/* How far sending was tried, and what that does not show. */
static void note_message(const struct weighing *w, struct verdict *out)
{
    const struct submission_facts *submission = w->result->trace->submission;
    if (!submission && out->send == NEED_STATUS_OK)
        note(w, out, "sending a message (nothing was submitted)");
    if (!submission)
        return;
    if (submission->accepted) {
        note(w, out, "other From addresses");
        const struct delivery_facts *delivery = w->result->trace->delivery;
        if (!delivery || delivery->copy_only)
            note(w, out, "arrival (the message was accepted, and not looked for)");
        else if (!delivery->endpoint)
            note(w, out, "arrival (no mailbox could be opened)");
        else if (delivery->account && !delivery->arrived && !was_looked_into(w))
            note(w, out, "whether it bounced (the sender's own mailbox could not be looked into)");
    } else if (submission->withheld)
        note(w, out, "sending a message (the recipient's mailbox did not open: nothing was sent)");
    else if (submission->rcpt_only && submission->recipient_taken)
        note(w, out,
             "the message itself: nothing was sent, and some servers refuse a From address, "
             "a full mailbox or a used-up limit only after it");
    else if (is_unanswered(w->result->trace))
        note(w, out,
             "whether the message goes out all the same (it was sent whole, and not answered)");
    else if (!submission->endpoint)
        note(w, out, "sending a message (nothing came far enough to take it)");
}

/* Where nothing answered, it matters who was silent. */
static void note_system(const struct weighing *w, struct verdict *out)
{
    bool failed = false;
    for (const struct endpoint *e = w->result->trace->endpoints; e; e = e->next)
        for (const struct address *a = e->addresses; a; a = a->next)
            failed = failed || (a->status == STATUS_FAIL && a->error.kind != FAILURE_CANCELLED);
    if (failed && w->result->trace->from.icmp)
        note(
            w, out,
            "who on the way refuses or drops (this system shows no ICMP errors; Linux 5.8 or later "
            "does)");
}

static void note_untested(const struct weighing *w, struct verdict *out)
{
    const struct trace *trace = w->result->trace;
    if (!trace->complete)
        note(w, out, "what was still under way when the run ended");
    note_logins(w, out);
    note_families(w, out);
    note_proxy(w, out);
    note_message(w, out);
    note_system(w, out);
    if (w->way_count)
        note(w, out, "other networks and devices");
}

void verdict_describe(const struct weighing *w, struct verdict *out)
{
    const char *send_by = NULL, *read_by = NULL;
    out->send = sum(w, true, &send_by);
    out->read = sum(w, false, &read_by);
    /* No server is known at all: there is no way to count. */
    if (!w->way_count && out->status == VERDICT_FAIL) {
        out->send = wants(w, true) ? NEED_STATUS_FAIL : NEED_STATUS_UNTESTED;
        out->read = wants(w, false) ? NEED_STATUS_FAIL : NEED_STATUS_UNTESTED;
    }
    out->send_by = out->send == NEED_STATUS_OK ? send_by : NULL;
    out->read_by = out->read == NEED_STATUS_OK ? read_by : NULL;
    /* A host of which nothing can be reached is no matter of one port. */
    const struct wish *lead = w->lead;
    if (lead && lead->need == NEED_ANY && lead->service < 0)
        out->endpoint = NULL;
    note_untested(w, out);
}

/* ---- what else it could be ---- */

static struct alternative *add_alternative(const struct weighing *w, const char *id,
                                           const char *title, enum confidence confidence)
{
    for (struct alternative *a = w->result->verdict.alternatives; a; a = a->next)
        if (strcmp(a->class_id, id) == 0)
            return a;
    struct alternative *alternative = result_add_alternative(w->result);
    alternative->class_id = id;
    alternative->title = title;
    alternative->confidence = confidence;
    return alternative;
}

void verdict_alternative(const struct weighing *w, const struct finding *cause)
{
    struct alternative *alternative =
        add_alternative(w, cause->class_id, cause->title, CONFIDENCE_POSSIBLE);
    for (size_t i = 0; i < w->way_count; i++) {
        const struct way *way = &w->ways[i];
        if ((way->state != WAY_FAILED && way->state != WAY_UNFIT) || !wish_covers(w->lead, way))
            continue;
        bool explains = strcmp(way->cause->class_id, cause->class_id) == 0;
        strings_add(explains ? &alternative->in_favour : &alternative->against, w->arena,
                    arena_format(w->arena,
                                 explains ? "it is what stopped %s" : "%s was stopped by %s",
                                 way->endpoint->id, way->cause->class_id));
    }
}

void verdict_neighbours(const struct weighing *w, struct verdict *out)
{
    const struct class_entry *class = class_find(out->class_id);
    const char *id = w->result->trace->target.provider;
    const struct provider *provider = id ? provider_find(id) : NULL;
    /* Certain means that the words exclude the neighbours. */
    if (!class || out->confidence == CONFIDENCE_CERTAIN)
        return;
    for (size_t i = 0; i < class->neighbour_count; i++) {
        const struct neighbour *near = &class->neighbours[i];
        const struct class_entry *other = &catalogue_classes[near->class_index];
        if (near->provider && (!provider || strcmp(near->provider, provider->family) != 0))
            continue;
        struct values values = { 0 };
        struct alternative *alternative = add_alternative(
            w, other->id, fill_prose(w->arena, other->title, &values), near->confidence);
        strings_add(&alternative->in_favour, w->arena,
                    fill_prose(w->arena, near->in_favour, &values));
        if (near->against)
            strings_add(&alternative->against, w->arena,
                        fill_prose(w->arena, near->against, &values));
    }
}
