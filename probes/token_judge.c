#include "probes/token_judge.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    SKEW_S = 300, /* clocks may differ by five minutes, as Entra allows */
    /* Further off than any time zone: no clock that was set to local time explains it. */
    ZONES_APART_S = 26 * 3600,
    TIME_SIZE = 32
};

/* learn.microsoft.com: every personal account belongs to this one. */
static const char consumers[] = "9188040d-6c67-4c5b-b112-36a304b66dad";

/* The rights of each protocol: a person's to give, and an app's own. */
static const struct {
    const char *service, *scope, *role;
} rights[] = {
    { "smtp", "SMTP.Send", "SMTP.SendAsApp" },
    { "imap", "IMAP.AccessAsUser.All", "IMAP.AccessAsApp" },
    { "pop3", "POP.AccessAsUser.All", "POP.AccessAsApp" },
};

/* Services whose tokens people take for Exchange's: their permissions have the same names. */
static const struct {
    const char *audience, *name;
} services[] = {
    { "https://graph.microsoft.com", "Microsoft Graph" },
    { "00000003-0000-0000-c000-000000000000", "Microsoft Graph" },
    { "https://graph.microsoft.us", "Microsoft Graph (US Government)" },
    { "https://microsoftgraph.chinacloudapi.cn", "Microsoft Graph (China)" },
    { "https://graph.windows.net", "Azure AD Graph" },
    { "https://management.azure.com", "Azure Resource Manager" },
    { "https://management.core.windows.net", "Azure Resource Manager" },
    { "https://ps.outlook.com", "Exchange administration" },
};

/* Exchange Online has more names than are known here, all of them below these: for it a token may
 * be whose audience is such a one. */
static const char *const exchange[] = { "outlook.com",  "office.com", "office365.com",
                                        "office365.us", "outlook.cn", "apps.mil" };

static const char *const flaw_names[TOKEN_FLAW_COUNT] = {
    [TOKEN_WRONG_AUDIENCE] = "wrong-audience",
    [TOKEN_WRONG_TENANT] = "wrong-tenant",
    [TOKEN_EXPIRED] = "expired",
    [TOKEN_NOT_YET_VALID] = "not-yet-valid",
    [TOKEN_MISSING_SCOPE] = "missing-scope",
    [TOKEN_WRONG_USER] = "wrong-user",
    [TOKEN_APP_ONLY] = "app-only",
    [TOKEN_OPAQUE] = "opaque",
};

const char *token_flaw_name(enum token_flaw flaw)
{
    return flaw_names[flaw];
}

/* One token that is being judged. */
struct judging {
    const struct token *token;
    const struct token_question *question;
    const struct provider_oauth *oauth; /* NULL: what is good there is not known */
    struct arena *arena;
    struct token_judgement *out;
    size_t count;
};

static struct token_judgement *note(struct judging *judging, enum token_flaw flaw,
                                    enum token_weight weight, const char *words)
{
    struct token_judgement *judgement = &judging->out[judging->count++];
    *judgement = (struct token_judgement) { flaw, weight, words, false };
    return judgement;
}

static bool found(const struct judging *judging, enum token_flaw flaw)
{
    for (size_t i = 0; i < judging->count; i++)
        if (judging->out[i].flaw == flaw)
            return true;
    return false;
}

/* ---- for whom ---- */

static size_t without_slash(const char *text)
{
    size_t size = strlen(text);
    return size && text[size - 1] == '/' ? size - 1 : size;
}

/* With or without a slash at the end, in any case. */
static bool same_audience(const char *a, const char *b)
{
    size_t size = without_slash(a), i = 0;
    if (size != without_slash(b))
        return false;
    while (i < size && text_lower(a[i]) == text_lower(b[i]))
        i++;
    return i == size;
}

static bool is_for(const struct token *token, const struct provider_oauth *oauth)
{
    for (size_t i = 0; i < token->audience.count; i++)
        for (const char *const *good = oauth->audiences; *good; good++)
            if (same_audience(token->audience.items[i], *good))
                return true;
    return false;
}

/* Another cloud of the same family that takes the token. */
static const struct provider *other_cloud(const struct judging *judging)
{
    const struct provider *provider = judging->question->provider;
    for (size_t i = 0; i < provider_count; i++)
        if (&providers[i] != provider && providers[i].oauth &&
            strcmp(providers[i].family, provider->family) == 0 &&
            is_for(judging->token, providers[i].oauth))
            return &providers[i];
    return NULL;
}

static const char *service_of(const char *audience)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (same_audience(audience, services[i].audience))
            return services[i].name;
    return NULL;
}

static bool is_below(struct bytes host, const char *domain)
{
    size_t size = strlen(domain), before = host.size - size;
    return host.size >= size &&
           text_starts_fold((struct bytes) { host.data + before, size }, domain) &&
           (before == 0 || host.data[before - 1] == '.');
}

/* The host of an audience that is a web address; empty. */
static struct bytes host_of(const char *audience)
{
    const char *host = strstr(audience, "://");
    bool web = host && text_starts_fold(text_bytes(audience), "http");
    return web ? (struct bytes) { host + 3, strcspn(host + 3, ":/?#") } : (struct bytes) { 0 };
}

/* Is it certainly none of Exchange's names? */
static bool is_elsewhere(const char *audience)
{
    struct bytes host = host_of(audience);
    for (size_t i = 0; i < sizeof exchange / sizeof *exchange; i++)
        if (is_below(host, exchange[i]))
            return false;
    return host.size || text_starts_fold(text_bytes(audience), "api://") || service_of(audience);
}

static bool is_all_elsewhere(const struct token *token)
{
    for (size_t i = 0; i < token->audience.count; i++)
        if (!is_elsewhere(token->audience.items[i]))
            return false;
    return true;
}

static void judge_audience(struct judging *judging)
{
    const struct token *token = judging->token;
    const struct provider_oauth *oauth = judging->oauth;
    if (!oauth || !*oauth->audiences || token->audience.count == 0 || is_for(token, oauth))
        return;
    const struct provider *cloud = other_cloud(judging);
    const char *audience = token->audience.items[0], *service = service_of(audience);
    if (cloud)
        note(judging, TOKEN_WRONG_TENANT, TOKEN_FAULT,
             arena_format(judging->arena, "it is for %s (%s), not for %s", cloud->title, audience,
                          judging->question->provider->title))
            ->certain = true;
    else
        note(judging, TOKEN_WRONG_AUDIENCE, TOKEN_FAULT,
             arena_format(judging->arena, "it is for %s%s%s%s, not for the mail servers (%s)",
                          service ? service : audience, service ? " (" : "",
                          service ? audience : "", service ? ")" : "", oauth->audiences[0]))
            ->certain = is_all_elsewhere(token);
}

/* ---- whose organisation ---- */

static bool is_id(const char *tenant)
{
    return strlen(tenant) == sizeof consumers - 1 && tenant[8] == '-' && tenant[13] == '-';
}

static void judge_tenant(struct judging *judging)
{
    const char *tenant = judging->token->tenant, *asked = judging->question->tenant;
    const struct provider_oauth *oauth = judging->oauth;
    if (!tenant || !oauth || !oauth->tenant || found(judging, TOKEN_WRONG_TENANT))
        return;
    bool personal = text_equal_fold(tenant, consumers);
    bool for_persons = strcmp(oauth->tenant, "consumers") == 0;
    if (asked && is_id(asked) && !text_equal_fold(asked, tenant))
        note(judging, TOKEN_WRONG_TENANT, TOKEN_FAULT,
             arena_format(judging->arena, "it was given out by the organisation %s, not by %s",
                          tenant, asked));
    else if (personal && !for_persons)
        note(judging, TOKEN_WRONG_TENANT, TOKEN_DOUBT,
             "it is a personal account's, not an organisation's");
    else if (!personal && for_persons)
        note(judging, TOKEN_WRONG_TENANT, TOKEN_DOUBT,
             "it is an organisation's, not a personal account's");
}

/* ---- when ---- */

static const char *instant(int64_t seconds, char text[static TIME_SIZE])
{
    time_t time = (time_t)seconds;
    struct tm parts;
    gmtime_r(&time, &parts);
    strftime(text, TIME_SIZE, "%Y-%m-%d %H:%M UTC", &parts);
    return text;
}

/* By how much two clocks of a run are past INSTANT, at least: which one is right is not known. */
static int64_t past(const struct token_question *question, int64_t instant)
{
    int64_t here = question->now - instant, there = question->there - instant;
    return question->there && there < here ? there : here;
}

static void judge_expiry(struct judging *judging)
{
    char text[TIME_SIZE], other[TIME_SIZE];
    const struct token_question *question = judging->question;
    int64_t expires = judging->token->expires, over = past(question, expires);
    /* Already over when it was given out: then this machine's clock is ahead. */
    bool odd = question->obtained && expires <= question->obtained;
    const char *words = arena_format(judging->arena, "it expired at %s", instant(expires, text));
    if (over < 0) /* by one clock only */
        words = arena_format(
            judging->arena, "%s by %s clock, and not yet by %s (%s); one of them is wrong", words,
            expires <= question->now ? "this machine's" : "the server's",
            expires <= question->now ? "the server's" : "this machine's",
            instant(expires <= question->now ? question->there : question->now, other));
    else if (odd)
        words = arena_format(
            judging->arena, "%s, which was before it was given out: is this machine's clock right?",
            words);
    else if (question->there)
        words = arena_format(judging->arena, "%s, by the server's clock as well", words);
    bool fault = over >= SKEW_S && !odd;
    note(judging, TOKEN_EXPIRED, fault ? TOKEN_FAULT : TOKEN_DOUBT, words)->certain =
        fault && (question->there || over >= ZONES_APART_S);
}

static void judge_times(struct judging *judging)
{
    char text[TIME_SIZE];
    const struct token_question *question = judging->question;
    int64_t expires = judging->token->expires, begins = judging->token->not_before;
    int64_t latest = question->there > question->now ? question->there : question->now;
    if (expires && expires <= latest)
        judge_expiry(judging);
    else if (begins > question->now)
        note(judging, TOKEN_NOT_YET_VALID, begins > latest + SKEW_S ? TOKEN_FAULT : TOKEN_DOUBT,
             arena_format(judging->arena, "it is good from %s on; is this machine's clock right?",
                          instant(begins, text)));
}

/* ---- what for ---- */

/* The scope may stand with its resource in front. */
static bool allows(const struct strings *list, const char *right)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *slash = strrchr(list->items[i], '/');
        if (text_equal_fold(slash ? slash + 1 : list->items[i], right))
            return true;
    }
    return false;
}

static const char *first_words(struct judging *judging, const struct strings *list)
{
    return list->count == 0 ? "nothing"
           : list->count == 1
               ? list->items[0]
               : arena_format(judging->arena, "%s and %zu more", list->items[0], list->count - 1);
}

static void judge_rights(struct judging *judging)
{
    const struct token *token = judging->token;
    if (!judging->oauth || strcmp(judging->oauth->kind, "entra") != 0 ||
        found(judging, TOKEN_WRONG_AUDIENCE))
        return;
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        const struct strings *list = token->app_only ? &token->roles : &token->scopes;
        const char *right = token->app_only ? rights[i].role : rights[i].scope;
        /* Exchange's own roles for apps (App RBAC) do not stand in the token. */
        bool unseen = token->app_only && strcmp(rights[i].service, "smtp") == 0;
        if (strcmp(rights[i].service, judging->question->service) == 0 && !unseen &&
            !allows(list, right))
            note(judging, TOKEN_MISSING_SCOPE, TOKEN_FAULT,
                 arena_format(judging->arena, "it lacks %s; it allows %s", right,
                              first_words(judging, list)));
    }
}

/* ---- whose ---- */

static void judge_user(struct judging *judging)
{
    const struct token *token = judging->token;
    const char *login = judging->question->login;
    if (token->app_only) {
        note(judging, TOKEN_APP_ONLY, TOKEN_NOTE,
             "it is an app's own: Exchange must have given the mailbox to the app");
        return;
    }
    /* A sign-in name need not be the address; but where both are addresses they mostly agree, and
     * for a shared mailbox they never do. */
    if (token->user && login && strchr(token->user, '@') && strchr(login, '@') &&
        !text_equal_fold(token->user, login))
        note(judging, TOKEN_WRONG_USER, TOKEN_DOUBT,
             arena_format(judging->arena,
                          "it is %s's, and the login names %s, which is right for a shared "
                          "mailbox only",
                          token->user, login));
}

size_t token_judge(const struct token *token, const struct token_question *question,
                   struct arena *arena, struct token_judgement judgements[TOKEN_FLAW_COUNT])
{
    struct judging judging = {
        .token = token,
        .question = question,
        .oauth = question->provider ? question->provider->oauth : NULL,
        .arena = arena,
        .out = judgements,
    };
    if (!token->readable) {
        note(&judging, TOKEN_OPAQUE, TOKEN_NOTE,
             "it cannot be read, which is usual for personal accounts and Google, and no fault");
        return judging.count;
    }
    judge_audience(&judging);
    judge_tenant(&judging);
    judge_times(&judging);
    judge_rights(&judging);
    judge_user(&judging);
    return judging.count;
}
