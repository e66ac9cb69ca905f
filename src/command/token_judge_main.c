/* `maildoctor token judge`: what each server will make of a token, before it is sent anywhere. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/command.h"
#include "command/terminal.h"
#include "command/token.h"
#include "command/token_input.h"
#include "command/token_show.h"
#include "diagnosis/explain.h"
#include "diagnosis/token_class.h"
#include "report/explanation.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_LIMIT = 1 << 20, PAGE_WIDTH = 80, DOUBTFUL = 1, UNFIT = 2 };

struct settings {
    struct token_input input; /* first: its rows are of it */
    const struct provider *provider;
    const char *user, *tenant;
};

/* One token that is being judged. */
struct judge {
    const struct settings *settings;
    struct token token;
    int64_t now;
    struct arena arena;
    struct buffer out;
    struct token_judgement gravest; /* of all servers; words NULL: nothing is amiss */
};

/* ---- options ---- */

static bool set_provider(void *to, const char *value, char **ret_error)
{
    struct settings *settings = to;
    settings->provider = provider_find(value);
    return settings->provider ||
           options_reject(ret_error, "provider", value, "unknown; for example microsoft365, gmail");
}

#define AT(member) offsetof(struct settings, member)

static const struct option_row servers_rows[] = {
    { OPTION_CALL, "provider", 0, "NAME",
      "whose servers it is for (default: by the address, else microsoft365)", 0, set_provider },
    { OPTION_TEXT, "user", 0, "NAME", "the login, if it is not the address", AT(user), NULL },
    { OPTION_TEXT, "tenant", 0, "ID", "the id of the organisation that should have given it",
      AT(tenant), NULL },
    { 0 },
};

static int print_help(const struct option_row *rows)
{
    return command_help("usage: maildoctor token judge [OPTION...] [ADDRESS]\n\n"
                        "Says what each server of the provider will make of an access token "
                        "for the mail\nof ADDRESS. Nobody is asked: its claims tell.\n\n",
                        rows,
                        "\nExit status: 0 nothing is amiss, 1 there is a doubt, 2 a server "
                        "will refuse it,\n3 bad usage.\n");
}

/* ---- judging ---- */

static bool is_documented(const struct provider_endpoint *endpoint)
{
    return strcmp(endpoint->expectation, "offered") == 0;
}

static size_t judge_endpoint(struct judge *judge, const struct provider_endpoint *endpoint,
                             struct token_judgement judgements[TOKEN_FLAW_COUNT])
{
    const struct settings *settings = judge->settings;
    const struct token_question question = {
        .service = endpoint->service,
        .provider = settings->provider,
        .login = settings->user,
        .tenant = settings->tenant,
        .now = judge->now,
    };
    size_t count = token_judge(&judge->token, &question, &judge->arena, judgements);
    const struct token_judgement *gravest = token_gravest(judgements, count, true);
    if (gravest && (!judge->gravest.words || gravest->weight > judge->gravest.weight))
        judge->gravest = *gravest;
    return count;
}

static const char *weight_words(enum token_weight weight)
{
    return weight == TOKEN_FAULT ? "unfit: " : weight == TOKEN_DOUBT ? "doubtful: " : "note: ";
}

static void put_endpoint(struct judge *judge, const struct page *page,
                         const struct provider_endpoint *endpoint)
{
    struct token_judgement judgements[TOKEN_FLAW_COUNT];
    const struct page_text how = { .hang = 4 };
    size_t count = judge_endpoint(judge, endpoint, judgements);
    struct buffer line;
    page_begin(&line);
    buffer_format(&line, "%s:%d ", endpoint->host, endpoint->port);
    if (count == 0)
        buffer_append_text(&line, "nothing is amiss");
    for (size_t i = 0; i < count; i++) {
        buffer_format(&line, "%s%s", i ? "; " : "", weight_words(judgements[i].weight));
        page_peer(page, &line, text_bytes(judgements[i].words));
    }
    page_fold(page, &how, buffer_bytes(&line));
    buffer_done(&line);
}

/* What the gravest of it means, and who mends it. */
static void put_explanation(struct judge *judge, const struct report_options *options)
{
    struct classified classified = classify_token(judge->gravest.flaw);
    if (judge->gravest.weight < TOKEN_FAULT)
        classified.confidence = CONFIDENCE_POSSIBLE; /* there can be a reason for it */
    const struct judgement judgement = { .classified = classified,
                                         .provider = judge->settings->provider };
    struct explainer *explainer = explainer_new(judge->settings->provider, NULL, NULL);
    const struct explanation explanation = {
        .line = text_bytes(judge->gravest.words),
        .explained = explain_class(explainer, &judgement),
    };
    buffer_append_text(&judge->out, "\n");
    explanation_text(&judge->out, &explanation, options, true);
    explainer_free(explainer);
}

static void put_text(struct judge *judge)
{
    const struct provider *provider = judge->settings->provider;
    const struct report_options options = {
        .color = terminal_has_color(1),
        .ascii = judge->settings->input.ascii || !terminal_has_utf8(),
    };
    const struct page page = { .out = &judge->out, .ascii = options.ascii, .width = PAGE_WIDTH };
    token_show_text(&page, &judge->token, judge->now);
    buffer_append_text(&judge->out, "\n");
    for (size_t i = 0; i < provider->endpoint_count; i++)
        if (is_documented(&provider->endpoints[i]))
            put_endpoint(judge, &page, &provider->endpoints[i]);
    if (judge->gravest.words)
        put_explanation(judge, &options);
}

/* ---- JSON ---- */

static json_t *judgements_json(const struct token_judgement *judgements, size_t count)
{
    static const char *const weights[] = { "note", "doubt", "fault" }; /* as enum token_weight */
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        struct buffer words;
        const struct classified classified = classify_token(judgements[i].flaw);
        buffer_init(&words, TEXT_LIMIT);
        text_escape(&words, text_bytes(judgements[i].words));
        json_t *entry = json_object();
        json_object_set_new(entry, "flaw", json_string(token_flaw_name(judgements[i].flaw)));
        json_object_set_new(entry, "weight", json_string(weights[judgements[i].weight]));
        json_object_set_new(entry, "class",
                            classified.class ? json_string(classified.class->id) : json_null());
        json_object_set_new(entry, "words",
                            json_stringn(buffer_bytes(&words).data, buffer_size(&words)));
        json_array_append_new(array, entry);
        buffer_done(&words);
    }
    return array;
}

static void put_json(struct judge *judge)
{
    const struct provider *provider = judge->settings->provider;
    json_t *root = json_object(), *list = json_array();
    json_object_set_new(root, "token", token_show_json(&judge->token));
    json_object_set_new(root, "provider", json_string(provider->id));
    for (size_t i = 0; i < provider->endpoint_count; i++) {
        struct token_judgement judgements[TOKEN_FLAW_COUNT];
        const struct provider_endpoint *endpoint = &provider->endpoints[i];
        if (!is_documented(endpoint))
            continue;
        size_t count = judge_endpoint(judge, endpoint, judgements);
        json_t *entry = json_object();
        json_object_set_new(
            entry, "id",
            json_string(arena_format(&judge->arena, "%s:%d", endpoint->host, endpoint->port)));
        json_object_set_new(entry, "judgements", judgements_json(judgements, count));
        json_array_append_new(list, entry);
    }
    json_object_set_new(root, "endpoints", list);
    token_input_put_json(&judge->settings->input, &judge->out, root);
}

/* ---- the command ---- */

static int perform(const struct settings *settings)
{
    char *error = NULL;
    struct judge judge = { .settings = settings, .now = clock_real_ns() / 1000000000 };
    if (!token_input_read(&settings->input, &judge.token, &judge.arena, &error)) {
        arena_done(&judge.arena);
        return command_fail(error);
    }
    buffer_init(&judge.out, TEXT_LIMIT);
    if (settings->input.json)
        put_json(&judge);
    else
        put_text(&judge);
    int status = command_print(&judge.out);
    if (status == 0 && judge.gravest.words)
        status = judge.gravest.weight == TOKEN_FAULT ? UNFIT : DOUBTFUL;
    buffer_done(&judge.out);
    arena_done(&judge.arena);
    return status;
}

static bool take_operand(struct settings *settings, const struct operands *operands,
                         char **ret_error)
{
    const char *at = operands->count ? strrchr(operands->items[0], '@') : NULL;
    if (operands->count > 1 || (operands->count && (!at || !at[1]))) {
        *ret_error = memory_copy("token judge takes one mail address, or none");
        return false;
    }
    if (!settings->user && operands->count)
        settings->user = operands->items[0];
    const struct provider *known = at ? provider_by_domain(at + 1) : NULL;
    if (!settings->provider)
        settings->provider = known ? known : provider_find("microsoft365");
    if (settings->provider->endpoint_count)
        return true;
    *ret_error = memory_copy("nothing is known of that provider's servers");
    return false;
}

int token_judge_main(int argc, char **argv)
{
    static const struct option_row *const tables[] = { token_input_rows, servers_rows,
                                                       token_output_rows, NULL };
    struct option_row *rows = options_join(tables);
    struct settings settings = { 0 };
    struct operands operands;
    char *error = NULL;
    int status;
    token_input_init(&settings.input);
    enum options_result read = options_read(rows, argc, argv, &settings, &operands, &error);
    if (read == OPTIONS_WANT_HELP)
        status = print_help(rows);
    else if (read == OPTIONS_BAD || !take_operand(&settings, &operands, &error))
        status = command_fail(error);
    else
        status = perform(&settings);
    free(rows);
    return status;
}
