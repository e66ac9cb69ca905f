#include "command/check_submit.h"

#include "base/idna.h"
#include "base/memory.h"
#include "command/check_recipient.h"
#include "probes/submission.h"

#include <stdlib.h>
#include <string.h>

/* The end of data alone may take two minutes. */
enum { MESSAGE_MS = 120000, ARRIVAL_MS = 60000 };

/* ---- one by one ---- */

const char *check_submit_address(struct arena *arena, const char *value, const char **ret_why)
{
    const char *at = strrchr(value, '@');
    *ret_why = "an address is NAME@DOMAIN, without a display name";
    char *domain =
        at && at > value && !strpbrk(value, " <>") ? idna_to_ascii(at + 1, ret_why) : NULL;
    if (!domain)
        return NULL;
    const char *address = arena_format(arena, "%.*s@%s", (int)(at - value), value, domain);
    free(domain);
    *ret_why = "what stands before the @ is no mailbox name";
    return submission_is_address(address) ? address : NULL;
}

static bool set_address(struct check_settings *settings, const char *option, const char *value,
                        const char **to, char **ret_error)
{
    const char *why;
    *to = check_submit_address(&settings->arena, value, &why);
    return *to || options_reject(ret_error, option, value, why);
}

static bool set_from(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    return set_address(settings, "from", value, &settings->submit.from, ret_error);
}

static bool set_to(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    return set_address(settings, "to", value, &settings->submit.to, ret_error);
}

static bool set_route(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    struct buffer names;
    settings->run.plan.route = provider_route_find(value);
    if (settings->run.plan.route)
        return true;
    buffer_init(&names, 1024);
    for (size_t i = 0; i < provider_route_count; i++)
        buffer_format(&names, "%s%s", i ? ", " : "one of ", provider_routes[i].id);
    buffer_append(&names, "", 1);
    options_reject(ret_error, "route", value, buffer_bytes(&names).data);
    buffer_done(&names);
    return false;
}

static bool set_arrival(void *to, const char *value, char **ret_error)
{
    struct check_settings *settings = to;
    size_t digits = strspn(value, "0123456789");
    long seconds = digits > 0 && digits < 5 && !value[digits] ? strtol(value, NULL, 10) : 0;
    settings->run.arrival_ms = (int)seconds * 1000;
    return (seconds > 0 && seconds <= 3600) ||
           options_reject(ret_error, "arrival", value, "seconds, more than 0, at most 3600");
}

#define AT(member) offsetof(struct check_settings, member)

const struct option_row check_submit_rows[] = {
    { OPTION_HEADING, .help = "A test message" },
    { OPTION_FLAG, "submit", 0, NULL,
      "submit one message after the login: on one port only, the documented one first; its copy "
      "among what was sent is removed again over IMAP",
      AT(submits), NULL },
    { OPTION_CALL, "from", 0, "ADDRESS", "its sender (default: the mailbox itself)", 0, set_from },
    { OPTION_CALL, "to", 0, "ADDRESS", "its recipient (default: the mailbox itself)", 0, set_to },
    { OPTION_FLAG, "rcpt-only", 0, NULL,
      "stop after the recipient: nothing is sent, and what is refused later is not seen",
      AT(submit.rcpt_only), NULL },
    { OPTION_CALL, "route", 0, "ROUTE",
      "only this way to send: submission, hve (High Volume Email), direct-send or relay (to the "
      "domain's MX, without a login)",
      0, set_route },
    { OPTION_FLAG, "round-trip", 0, NULL,
      "submit it, find it again in the mailbox (over IMAP, else POP3), say when and how it came, "
      "and remove it",
      AT(run.round_trip), NULL },
    { OPTION_CALL, "arrival", 0, "SECONDS", "wait so long for it (default: 60)", 0, set_arrival },
    { 0 },
};

/* ---- together ---- */

int check_submit_ms(const struct check_settings *settings)
{
    const struct run_options *run = &settings->run;
    int arrival_ms = run->arrival_ms ? run->arrival_ms : ARRIVAL_MS;
    bool trip = run->round_trip || settings->recipient.address;
    if (!settings->submits && !trip)
        return 0;
    return MESSAGE_MS + (trip ? arrival_ms : 0);
}

/* The mailbox that the run is about, where it is one; NULL. */
static const char *own_address(struct check_settings *settings)
{
    const struct run_options *run = &settings->run;
    const char *names[] = { run->mailbox, run->target.address, run->user, run->target.user }, *why;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && strchr(names[i], '@'))
            return check_submit_address(&settings->arena, names[i], &why);
    return NULL;
}

static bool is_endpoint(const struct target *target)
{
    return target->kind == TARGET_HOST_PORT || target->kind == TARGET_URL;
}

static bool may_send(const struct run_options *run)
{
    const struct plan_options *plan = &run->plan;
    bool some = plan->port_count == 0;
    for (size_t i = 0; i < plan->port_count; i++)
        some = some || port_use_assume(plan->ports[i])->service == SERVICE_SMTP;
    if (is_endpoint(&run->target) && run->target.service != SERVICE_SMTP)
        return false;
    return some && (!plan->needs || (plan->needs & (NEED_SEND | NEED_RELAY)));
}

static const char *gap(const struct check_settings *settings, bool secret)
{
    const struct outbox_wish *wish = &settings->submit;
    if (!may_send(&settings->run))
        return "nothing that is asked for sends: --submit needs a port of SMTP and the need to "
               "send";
    if (!wish->anonymous && !secret)
        return "--submit needs a login: a password or a token (mail between servers goes without "
               "one: --need relay)";
    if (!wish->from)
        return "--submit needs a sender: --from ADDRESS";
    if (!wish->to)
        return "--submit needs a recipient: --to ADDRESS";
    return NULL;
}

/* A route brings its own needs. */
static bool take_route(struct check_settings *settings, char **ret_error)
{
    struct run_options *run = &settings->run;
    const struct provider_route *route = run->plan.route;
    const char *why = NULL;
    if (!route)
        return true;
    if (is_endpoint(&run->target))
        why = "--route names the servers of a domain: give an address or a domain";
    else if (run->plan.needs || run->plan.port_count)
        why = "--route says what must work and on which port: --need and --ports say it again";
    else if (!route->login && secret_source_given(&settings->password))
        why = "this --route takes no login: a password would not be used";
    run->plan.needs = route->login ? NEED_SEND : NEED_RELAY;
    settings->submit.route = route->title;
    settings->submit.limit = route->limit;
    if (why)
        *ret_error = memory_copy(why);
    return !why;
}

/* Without --round-trip-to the mailbox is read with the login that submits. */
static bool trip_fits(struct check_settings *settings, bool secret, char **ret_error)
{
    struct run_options *run = &settings->run;
    bool own = run->round_trip && !settings->recipient.address;
    const char *why = NULL;
    if (!run->round_trip && run->arrival_ms)
        why = "--arrival is how long a message is looked for: add --round-trip";
    else if (run->round_trip && settings->submit.rcpt_only)
        why = "--rcpt-only sends nothing, and --round-trip looks for what was sent";
    else if (own && !secret)
        why = "--round-trip needs a login, to look into the mailbox";
    else if (own && run->plan.route)
        why = "--route leaves the mailbox out, and --round-trip looks into it";
    if (run->round_trip && !run->arrival_ms)
        run->arrival_ms = ARRIVAL_MS;
    if (why)
        *ret_error = memory_copy(why);
    return !why;
}

bool check_submit_complete(struct check_settings *settings, char **ret_error)
{
    struct outbox_wish *wish = &settings->submit;
    struct run_options *run = &settings->run;
    bool secret = secret_source_given(&settings->password) || secret_source_given(&settings->token);
    if (!check_recipient_agrees(settings, ret_error) || !trip_fits(settings, secret, ret_error) ||
        !take_route(settings, ret_error))
        return false;
    if (!settings->submits && !wish->rcpt_only && !run->round_trip) {
        if (!wish->from && !wish->to)
            return true;
        *ret_error = memory_format("--%s is of a message: add --submit, or --rcpt-only",
                                   wish->from ? "from" : "to");
        return false;
    }
    const char *own = own_address(settings);
    wish->from = wish->from ? wish->from : own;
    wish->to = wish->to ? wish->to : own;
    /* A port that somebody names without giving a login: it shall do without one. */
    wish->anonymous = (run->plan.needs & NEED_RELAY) || (is_endpoint(&run->target) && !secret);
    const char *why = gap(settings, secret);
    if (why) {
        *ret_error = memory_copy(why);
        return false;
    }
    run->submit = wish;
    return true;
}
