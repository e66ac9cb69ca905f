#include "plan/plan.h"

#include "base/memory.h"
#include "base/text.h"
#include "plan/discovery.h"
#include "plan/draft.h"
#include "plan/published.h"
#include "plan/target_form.h"

#include <string.h>

/* Two rounds of questions at most. The first tells whose mail it is, and whether a name is a domain
 * or a host; the second is for domains that are nobody's. All of it is the trace's memory: an
 * answer that comes after plan_stop() finds a stopped planning, not a freed one. */
struct planning {
    struct loop *loop;
    struct resolver *resolver;
    struct trace *trace;
    struct plan_options options;
    plan_function *done;
    void *arg;
    struct loop_timer *timer;
    size_t open; /* questions without an answer yet */
    void (*next)(struct planning *planning);
    bool stopped;

    struct plan plan;
    struct draft draft;
    struct discovery discovery;
    struct dns_answer name_a, name_aaaa; /* a TARGET_NAME's own addresses */
    struct failure mx_error;
};

struct question {
    struct planning *planning;
    struct dns_answer *answer;
    struct failure *error; /* NULL: not looked at */
};

static void take_answer(void *arg, const struct resolution *resolution)
{
    struct question *question = arg;
    struct planning *planning = question->planning;
    if (planning->stopped)
        return;
    *question->answer = resolution->answer;
    if (question->error && resolution->lookup)
        *question->error = resolution->lookup->error;
    if (--planning->open == 0)
        planning->next(planning);
}

static void ask(struct planning *planning, const char *name, enum dns_type type,
                struct dns_answer *answer, struct failure *error)
{
    struct question *question = arena_new(&planning->trace->arena, sizeof *question);
    *question = (struct question) { .planning = planning, .answer = answer, .error = error };
    planning->open++;
    resolver_ask(planning->resolver, name, type, take_answer, question);
}

/* ---- the end ---- */

static void show_provider(struct planning *planning)
{
    const struct provider *provider = planning->plan.provider;
    struct target_facts *facts = &planning->trace->target;
    facts->provider = provider->id;
    facts->provider_title = provider->title;
    facts->cloud = provider->cloud;
}

static void finish(struct planning *planning)
{
    struct trace *trace = planning->trace;
    const struct plan_options *options = &planning->options;
    bool generic = planning->plan.provider->endpoint_count == 0;
    if (options->route)
        draft_keep_route(&planning->draft, options->route);
    if (options->services)
        draft_keep_services(&planning->draft, options->services);
    if (options->port_count)
        draft_keep_ports(&planning->draft, options->ports, options->port_count, generic);
    show_provider(planning);
    draft_write(&planning->draft, trace, trace->target.needs);
    published_note(trace, options->published);
    planning->stopped = true;
    planning->done(planning->arg, &planning->plan);
}

static void finish_from_timer(void *arg)
{
    finish(arg);
}

/* For a plan that needed no question: DONE is not called before plan_start() has returned. */
static void finish_soon(struct planning *planning)
{
    planning->timer = loop_timer_start(planning->loop, 0, finish_from_timer, planning);
}

static void set_default_needs(struct planning *planning, unsigned needs)
{
    const struct plan_options *options = &planning->options;
    if (options->needs)
        needs = options->needs;
    else if (options->port_count)
        needs = 0;
    planning->trace->target.needs = needs | (options->port_count ? (unsigned)NEED_ENDPOINT : 0U);
}

static bool wants_relay(const struct planning *planning)
{
    return planning->trace->target.needs & NEED_RELAY;
}

/* ---- a host ---- */

static void add_host(struct planning *planning, const char *host)
{
    const struct provider *provider = planning->plan.provider;
    set_default_needs(planning, NEED_ANY);
    if (draft_add_provider(&planning->draft, provider, host))
        return;
    if (provider_by_mx(host) && !provider_by_host(host)) {
        draft_add(&planning->draft, &(struct draft_endpoint) { .host = host,
                                                               .port = 25,
                                                               .service = SERVICE_SMTP,
                                                               .security = SECURITY_STARTTLS,
                                                               .expectation = EXPECT_OFFERED,
                                                               .guessed = true,
                                                               .transfer = true });
        return;
    }
    draft_add_ports(&planning->draft, host, DRAFT_EVERY_SERVICE, false);
}

/* One port that the user named. On 25 a user in the URL says that it is for submission. */
static void draft_port(struct draft *draft, const struct target *target,
                       const struct provider *provider)
{
    bool mx = provider_by_mx(target->host) && !provider_by_host(target->host);
    draft_add_one(draft, provider,
                  &(struct draft_endpoint) {
                      .host = target->host,
                      .port = target->port,
                      .service = (enum service)target->service,
                      .security = (enum security)target->security,
                      .expectation = EXPECT_UNKNOWN,
                      .guessed = mx,
                      .transfer = target->port == 25 && target->service == SERVICE_SMTP &&
                                  (mx || !target->user),
                  });
}

static void add_port(struct planning *planning)
{
    set_default_needs(planning, NEED_ENDPOINT);
    draft_port(&planning->draft, &planning->plan.target, planning->plan.provider);
}

/* ---- a domain ---- */

static void set_domain(struct planning *planning, const char *domain)
{
    planning->plan.target.domain = domain;
    planning->trace->target.domain = domain;
    set_default_needs(planning, NEED_SEND | NEED_READ);
}

static void after_second_round(struct planning *planning)
{
    struct discovery *discovery = &planning->discovery;
    const struct provider *provider =
        planning->options.provider ? NULL : discovery_provider(discovery);
    if (provider) {
        planning->plan.provider = provider;
        draft_add_provider(&planning->draft, provider, NULL);
    } else {
        discovery_draft(discovery, &planning->trace->arena, &planning->draft);
    }
    if (wants_relay(planning))
        discovery_draft_mx(discovery, &planning->trace->arena, &planning->draft);
    finish(planning);
}

static void start_second_round(struct planning *planning)
{
    struct discovery *discovery = &planning->discovery;
    struct arena *arena = &planning->trace->arena;
    planning->next = after_second_round;
    for (size_t i = 0; i < DISCOVERY_SERVICES; i++)
        ask(planning, discovery_service_name(arena, discovery->domain, i), DNS_SRV,
            &discovery->srv[i], NULL);
    for (size_t i = 0; i < DISCOVERY_NAMES; i++) {
        const char *name = discovery_name(arena, discovery->domain, i);
        ask(planning, name, DNS_A, &discovery->a[i], NULL);
        ask(planning, name, DNS_AAAA, &discovery->aaaa[i], NULL);
    }
    ask(planning, arena_format(arena, "autodiscover.%s", discovery->domain), DNS_A,
        &discovery->autodiscover, NULL);
}

/* The MX of a domain is known, or why it is not. */
static void continue_domain(struct planning *planning)
{
    struct discovery *discovery = &planning->discovery;
    if (!planning->options.provider && planning->plan.provider->endpoint_count == 0) {
        const struct provider *provider = discovery_provider(discovery);
        planning->plan.provider = provider ? provider : planning->plan.provider;
        show_provider(planning);
    }
    if (planning->plan.provider->endpoint_count) {
        draft_add_provider(&planning->draft, planning->plan.provider, NULL);
        if (wants_relay(planning))
            discovery_draft_mx(discovery, &planning->trace->arena, &planning->draft);
        finish(planning);
    } else if (planning->mx_error.kind == FAILURE_NONE ||
               planning->mx_error.kind == FAILURE_NO_ADDRESS) {
        start_second_round(planning);
    } else {
        /* Nothing exists below a name that does not (RFC 8020), and a name server that fails on
         * this question is what has to be told, not guesses. */
        finish(planning);
    }
}

/* A host of the provider's that only those are told who ask for it. */
static void add_route(struct planning *planning, const struct provider_route *route)
{
    const struct provider *provider = provider_by_host(route->host);
    if (provider && planning->plan.provider->endpoint_count == 0)
        planning->plan.provider = provider;
    draft_add(&planning->draft, &(struct draft_endpoint) { .host = route->host,
                                                           .port = route->port,
                                                           .service = SERVICE_SMTP,
                                                           .security = SECURITY_STARTTLS,
                                                           .expectation = EXPECT_OFFERED });
}

static void start_domain(struct planning *planning, const char *domain)
{
    set_domain(planning, domain);
    planning->discovery.domain = domain;
    if (planning->options.route && planning->options.route->host) {
        add_route(planning, planning->options.route);
        finish_soon(planning);
        return;
    }
    if (planning->plan.provider->endpoint_count && !wants_relay(planning)) {
        draft_add_provider(&planning->draft, planning->plan.provider, NULL);
        finish_soon(planning);
        return;
    }
    planning->next = continue_domain;
    ask(planning, domain, DNS_MX, &planning->discovery.mx, &planning->mx_error);
}

/* ---- a name that may be either ---- */

static void after_name(struct planning *planning)
{
    const char *name = planning->plan.target.host;
    if (discovery_is_domain(name, &planning->discovery.mx)) {
        set_domain(planning, name);
        planning->discovery.domain = name;
        continue_domain(planning);
    } else {
        add_host(planning, name);
        finish(planning);
    }
}

static bool is_named_host(const struct plan_options *options, const char *name)
{
    for (size_t i = 0; i < options->host_count; i++)
        if (text_equal_fold(options->hosts[i], name))
            return true;
    return false;
}

static void start_name(struct planning *planning)
{
    const char *name = planning->plan.target.host;
    const struct provider *provider = planning->plan.provider;
    bool is_host = form_is_numeric(name) || provider_by_host(name) || provider_by_mx(name) ||
                   is_named_host(&planning->options, name);
    if (!is_host && (provider->endpoint_count || provider_by_domain(name))) {
        start_domain(planning, name);
    } else if (is_host) {
        add_host(planning, name);
        finish_soon(planning);
    } else {
        set_default_needs(planning, NEED_ANY);
        planning->next = after_name;
        ask(planning, name, DNS_MX, &planning->discovery.mx, &planning->mx_error);
        /* Not needed to decide: whoever runs the plan asks for them next, and this saves the wait.
         */
        ask(planning, name, DNS_A, &planning->name_a, NULL);
        ask(planning, name, DNS_AAAA, &planning->name_aaaa, NULL);
    }
}

/* ---- the start ---- */

static const struct provider *recognise(const struct target *target, const char *wanted)
{
    const struct provider *provider = wanted ? provider_find(wanted) : NULL;
    if (!provider && target->kind == TARGET_ADDRESS)
        provider = provider_by_domain(target->domain);
    if (!provider && target->host)
        provider = provider_by_host(target->host);
    if (!provider && target->host)
        provider = provider_by_mx(target->host);
    if (!provider && target->host && target->kind == TARGET_NAME)
        provider = provider_by_domain(target->host);
    return provider ? provider : provider_find("generic");
}

static bool is_endpoint(const struct target *target)
{
    return target->kind == TARGET_HOST_PORT || target->kind == TARGET_URL;
}

static bool reject_need(const struct target *target, unsigned need, unsigned served,
                        char **ret_error)
{
    const char *word = need_name((enum need)need);
    if (need == NEED_SEND && served == NEED_RELAY)
        *ret_error = memory_format("--need send: port 25 is for mail between servers; check "
                                   "--need relay, or smtp://USER@HOST:25 for submission");
    else if (need == NEED_RELAY && target->service == SERVICE_SMTP)
        *ret_error =
            memory_format("--need relay: mail between servers takes port 25, not %d", target->port);
    else
        *ret_error = memory_format("--need %s: %s on port %d of the target cannot meet it", word,
                                   service_name((enum service)target->service), target->port);
    return false;
}

bool plan_options_fit(const struct plan_options *options, const struct target *target,
                      char **ret_error)
{
    if (!is_endpoint(target))
        return true;
    if (options->port_count) {
        *ret_error = memory_copy("--ports: the target names its port already; give an address, a "
                                 "domain or a host without port");
        return false;
    }
    struct draft draft = { 0 };
    draft_port(&draft, target, recognise(target, options->provider));
    unsigned served = draft_serves(&draft.items[0]), missed = options->needs & ~served;
    return !missed || reject_need(target, missed & ~(missed - 1), served, ret_error);
}

static void copy_options(struct planning *planning, const struct plan_options *options)
{
    struct arena *arena = &planning->trace->arena;
    struct bytes ports = { (const char *)options->ports,
                           options->port_count * sizeof *options->ports };
    planning->options = *options;
    planning->options.provider = arena_copy(arena, options->provider);
    planning->options.ports = (const int *)(const void *)arena_copy_bytes(arena, ports).data;
}

struct planning *plan_start(struct loop *loop, struct resolver *resolver, struct trace *trace,
                            const struct target *target, const struct plan_options *options,
                            plan_function *done, void *arg)
{
    struct planning *planning = arena_new(&trace->arena, sizeof *planning);
    planning->loop = loop;
    planning->resolver = resolver;
    planning->trace = trace;
    planning->done = done;
    planning->arg = arg;
    planning->plan.target = *target;
    planning->plan.provider = recognise(target, options->provider);
    copy_options(planning, options);
    trace->target.input = arena_copy(&trace->arena, target->input);
    trace->target.address = arena_copy(&trace->arena, target->address);
    trace->target.domain = arena_copy(&trace->arena, target->domain);
    show_provider(planning);
    if (target->kind == TARGET_ADDRESS) {
        start_domain(planning, target->domain);
    } else if (target->kind == TARGET_NAME) {
        start_name(planning);
    } else {
        add_port(planning);
        finish_soon(planning);
    }
    return planning;
}

void plan_stop(struct planning **planning)
{
    if (!*planning)
        return;
    loop_timer_stop(&(*planning)->timer);
    (*planning)->stopped = true;
    *planning = NULL;
}
