/* A certificate and a TLS session to findings. GnuTLS judges chain and name; dates of each
 * certificate, key sizes and missing names are looked at here, since its bits leave them out or
 * hide one another. */
#include "diagnosis/survey.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

enum {
    RSA_BITS = 2048, /* CA/Browser Forum Baseline Requirements section 6.1.5 */
    EC_BITS = 224,
    NAMES_SHOWN = 4,
    NS_PER_S = 1000000000,
};

/* What is looked at: one TLS session of one endpoint. */
struct look {
    struct survey *survey;
    const struct endpoint *endpoint;
    const struct attempt *attempt;
    const struct tls_facts *tls;
    int64_t now; /* Unix seconds */
};

static const char *date_words(struct arena *arena, int64_t unix_s)
{
    time_t when = (time_t)unix_s;
    struct tm parts;
    if (!gmtime_r(&when, &parts))
        return NULL;
    char text[40];
    if (strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts) == 0)
        return NULL;
    return arena_copy(arena, text);
}

static const char *known(const char *name)
{
    return name && *name ? name : "nobody";
}

static bool has_problem(const struct tls_facts *tls, const char *problem)
{
    for (size_t i = 0; i < tls->problems.count; i++)
        if (strcmp(tls->problems.items[i], problem) == 0)
            return true;
    return false;
}

/* "example.org, www.example.org and 3 more" */
static const char *names_words(struct arena *arena, const struct certificate *leaf)
{
    const struct strings *names = &leaf->names;
    if (!names->count)
        return leaf->common_name ? leaf->common_name : "no name at all";
    const char *words = names->items[0];
    for (size_t i = 1; i < names->count && i < NAMES_SHOWN; i++)
        words = arena_format(arena, "%s, %s", words, names->items[i]);
    if (names->count > NAMES_SHOWN)
        words = arena_format(arena, "%s and %zu more", words, names->count - NAMES_SHOWN);
    return words;
}

/* Adds the finding of EVENT with LINE as its evidence; on a port for mail between servers, where
 * nobody checks certificates (RFC 7672 section 1.3), it is for information. */
static struct finding *add(const struct look *look, const char *event, const char *line,
                           struct values *values)
{
    struct survey *survey = look->survey;
    const struct certificate *leaf = look->tls->chain;
    values_set(values, "issuer", leaf ? leaf->issuer : NULL);
    struct finding *finding =
        survey_add(survey, classify_event(event), look->endpoint, NULL, values);
    const struct step *step = attempt_step(look->attempt, STAGE_TLS);
    int64_t at_ns = step ? step->start_ns + (step->duration_ns > 0 ? step->duration_ns : 0)
                         : look->attempt->start_ns;
    survey_evidence(survey, finding, look->endpoint, look->attempt->address,
                    step ? step->name : "TLS", at_ns, text_bytes(line));
    if (finding && look->endpoint->transfer)
        finding->severity = SEVERITY_INFO;
    return finding;
}

static bool is_valid_at(const struct certificate *certificate, int64_t when)
{
    return certificate->not_before <= when && when <= certificate->not_after;
}

/* The certificate is good on the day that the server names, and not on this machine's. */
static void add_wrong_clock(const struct look *look, const struct clock_word *word,
                            const char *line)
{
    struct survey *survey = look->survey;
    struct values values = survey_values(survey, look->endpoint);
    values_set(&values, "here", date_words(survey->arena, look->now));
    values_set(&values, "there", date_words(survey->arena, look->now + word->ahead_s));
    struct finding *finding = add(look, "tls.clock_wrong", line, &values);
    const struct step *step = word->step;
    survey_evidence(survey, finding, word->endpoint, NULL, step->name,
                    step->start_ns + (step->duration_ns > 0 ? step->duration_ns : 0), step->reply);
}

static void check_dates(const struct look *look, const struct certificate *certificate)
{
    struct arena *arena = look->survey->arena;
    bool expired = certificate->not_after < look->now;
    if (!expired && certificate->not_before <= look->now)
        return;
    struct values values = survey_values(look->survey, look->endpoint);
    int64_t when = expired ? certificate->not_after : certificate->not_before;
    const char *date = date_words(arena, when);
    values_set(&values, "date", date);
    const char *line = arena_format(arena, "certificate of %s %s %s", known(certificate->subject),
                                    expired ? "was valid until" : "is valid only from",
                                    date ? date : "an unreadable date");
    struct clock_word word;
    if (survey_clock(look->survey, &word) && is_valid_at(certificate, look->now + word.ahead_s)) {
        add_wrong_clock(look, &word, line);
        return;
    }
    add(look, expired ? "tls.certificate_expired" : "tls.certificate_not_yet_valid", line, &values);
}

static void check_name(const struct look *look)
{
    struct arena *arena = look->survey->arena;
    if (!look->tls->name_checked || look->tls->name_matches)
        return;
    struct values values = survey_values(look->survey, look->endpoint);
    const char *names = names_words(arena, look->tls->chain);
    values_set(&values, "names", names);
    const char *asked = look->tls->checked_name ? look->tls->checked_name : look->endpoint->host;
    add(look, "tls.certificate_name_mismatch",
        arena_format(arena, "asked for %s, the certificate is for %s", asked, names), &values);
}

/* GnuTLS has one bit for the three ways in which a chain may end in nothing that is trusted: they
 * are told apart by its shape. */
static const char *chain_event(const struct certificate *chain, const char **ret_problem)
{
    const struct certificate *last = chain;
    while (last->next)
        last = last->next;
    if (last == chain && chain->self_issued) {
        *ret_problem = "the server made it itself (self-signed)";
        return "tls.certificate_self_signed";
    }
    if (last->self_issued) {
        *ret_problem = "it comes from an authority of its own that this machine does not know";
        return "tls.certificate_private_root";
    }
    *ret_problem = "the server does not send the intermediate certificate that leads to a known "
                   "authority, or the authority is not known here";
    return "tls.certificate_incomplete_chain";
}

static const char *trust_event(const struct tls_facts *tls, const char **ret_problem)
{
    static const struct {
        const char *bit, *problem;
    } others[] = {
        { "revoked", "its issuer has revoked it" },
        { "purpose-mismatch", "it was not made for servers" },
        { "signer-not-ca", "it was signed by a certificate that may not sign others" },
        { "missing-ocsp-status", "it demands a proof of validity that the server does not send" },
    };
    if (has_problem(tls, "signer-not-found"))
        return chain_event(tls->chain, ret_problem);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        *ret_problem = others[i].problem;
        if (has_problem(tls, others[i].bit))
            return "tls.certificate_untrusted";
    }
    if (tls->ocsp && strcmp(tls->ocsp, "revoked") == 0) {
        *ret_problem = "its issuer has revoked it";
        return "tls.certificate_untrusted";
    }
    bool explained = has_problem(tls, "expired") || has_problem(tls, "not-activated") ||
                     has_problem(tls, "unexpected-owner") ||
                     has_problem(tls, "insecure-algorithm") ||
                     (tls->name_checked && !tls->name_matches);
    *ret_problem = "it does not hold when checked against the certificates that came with it";
    return tls->verified || explained ? NULL : "tls.certificate_untrusted";
}

static void check_trust(const struct look *look)
{
    struct arena *arena = look->survey->arena;
    const char *problem = "this machine has no list of trusted roots, so nothing can be checked";
    const char *event = look->tls->trust_loaded ? trust_event(look->tls, &problem) : "tls.no_roots";
    if (!event)
        return;
    struct values values = survey_values(look->survey, look->endpoint);
    values_set(&values, "problem", problem);
    const struct certificate *leaf = look->tls->chain;
    add(look, event,
        arena_format(arena, "certificate of %s, issued by %s: %s", known(leaf->subject),
                     known(leaf->issuer), problem),
        &values);
}

static const char *weakness(struct arena *arena, const struct certificate *certificate, bool leaf)
{
    bool rsa = certificate->key && strncmp(certificate->key, "RSA", 3) == 0;
    bool ec = certificate->key && strncmp(certificate->key, "EC", 2) == 0;
    if ((rsa && certificate->key_bits < RSA_BITS) || (ec && certificate->key_bits < EC_BITS))
        return arena_format(arena, "its key is too short (%s)", certificate->key);
    const char *signature = certificate->signature ? certificate->signature : "";
    bool broken = strstr(signature, "SHA1") || strstr(signature, "SHA-1") ||
                  strstr(signature, "MD5") || strstr(signature, "MD2");
    /* A root's own signature proves nothing and is not looked at. */
    if (broken && (leaf || !certificate->self_issued))
        return arena_format(arena, "it is signed with %s, which can be forged", signature);
    if (leaf && !certificate->names.count)
        return "it names the server only in the old way (common name, no subjectAltName)";
    return NULL;
}

static void add_weakness(const struct look *look, const struct certificate *certificate,
                         const char *problem)
{
    struct arena *arena = look->survey->arena;
    struct values values = survey_values(look->survey, look->endpoint);
    values_set(&values, "weakness", problem);
    struct finding *finding =
        add(look, "tls.certificate_weak",
            arena_format(arena, "certificate of %s: %s", known(certificate->subject), problem),
            &values);
    /* Where this machine refuses it too, no secret is sent. */
    if (finding && !look->endpoint->transfer && has_problem(look->tls, "insecure-algorithm"))
        finding->severity = SEVERITY_ERROR;
}

static void check_strength(const struct look *look)
{
    bool some = false;
    for (const struct certificate *c = look->tls->chain; c; c = c->next) {
        const char *problem = weakness(look->survey->arena, c, c == look->tls->chain);
        if (problem)
            add_weakness(look, c, problem);
        some = some || problem;
    }
    if (!some && look->tls->chain && has_problem(look->tls, "insecure-algorithm"))
        add_weakness(look, look->tls->chain, "it rests on an algorithm that is no longer safe");
}

/* RFC 8996: nothing below TLS 1.2 may be used, and current programs do not, though this one does to
 * be able to tell. */
static void check_version(const struct look *look)
{
    static const char *const old[] = { "TLS1.1", "TLS1.0", "SSL3.0" };
    for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
        if (strcmp(look->tls->version, old[i]) != 0)
            continue;
        struct values values = survey_values(look->survey, look->endpoint);
        add(look, "tls.old_version",
            arena_format(look->survey->arena, "the server speaks no more than %s", old[i]),
            &values);
    }
}

void survey_tls(struct survey *survey, const struct endpoint *endpoint,
                const struct attempt *attempt)
{
    const struct look look = {
        .survey = survey,
        .endpoint = endpoint,
        .attempt = attempt,
        .tls = attempt->tls,
        .now = survey->trace->started_real_ns / NS_PER_S,
    };
    if (look.tls->version)
        check_version(&look);
    if (!look.tls->chain)
        return;
    for (const struct certificate *c = look.tls->chain; c; c = c->next)
        check_dates(&look, c);
    check_name(&look);
    if (!survey_inspection(survey, endpoint, attempt) || look.tls->verified)
        check_trust(&look);
    check_strength(&look);
}
