#include "command/explain.h"

#include "base/memory.h"
#include "base/text.h"
#include "command/command.h"
#include "command/explain_input.h"
#include "command/options.h"
#include "command/output.h"
#include "command/rules_file.h"
#include "command/terminal.h"
#include "diagnosis/explain.h"
#include "diagnosis/redact.h"
#include "diagnosis/unwrap.h"
#include "report/explanation.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH_AT = 65536, UNKNOWN = 1 };

enum form { FORM_TEXT, FORM_JSON, FORM_NDJSON };

struct settings {
    enum form form;
    const struct provider *provider;
    const char *host;
    const char *rules; /* file of the user's own; NULL none */
    const char *color; /* "auto", "always", "never" */
    bool ascii;
};

/* ---- options ---- */

static bool set_format(void *to, const char *value, char **ret_error)
{
    static const char *const names[] = {
        [FORM_TEXT] = "text", [FORM_JSON] = "json", [FORM_NDJSON] = "ndjson"
    };
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        if (strcmp(value, names[i]) == 0) {
            ((struct settings *)to)->form = (enum form)i;
            return true;
        }
    }
    return options_reject(ret_error, "format", value, "one of text, json, ndjson");
}

static bool set_color(void *to, const char *value, char **ret_error)
{
    ((struct settings *)to)->color = value;
    return strcmp(value, "auto") == 0 || strcmp(value, "always") == 0 ||
           strcmp(value, "never") == 0 ||
           options_reject(ret_error, "color", value, "auto, always or never");
}

static bool set_provider(void *to, const char *value, char **ret_error)
{
    const struct provider *provider = provider_find(value);
    ((struct settings *)to)->provider = provider;
    if (provider)
        return true;
    const char **ids = memory_new((provider_count + 1) * sizeof *ids);
    for (size_t i = 0; i < provider_count; i++)
        ids[i] = providers[i].id;
    const char *near = options_nearest(value, ids);
    char *why = near ? memory_format("unknown; did you mean %s?", near)
                     : memory_format("unknown; for example %s, gmail, generic", ids[0]);
    options_reject(ret_error, "provider", value, why);
    free(why);
    free(ids);
    return false;
}

static bool set_host(void *to, const char *value, char **ret_error)
{
    ((struct settings *)to)->host = value;
    for (const char *c = value; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr(".-:[]_", *c)))
            return options_reject(ret_error, "host", value, "a host name or an address");
    return (*value && strlen(value) <= 253) ||
           options_reject(ret_error, "host", value, "a host name or an address");
}

#define AT(member) offsetof(struct settings, member)

static const struct option_row rows[] = {
    { OPTION_HEADING, .help = "Who said it, if the text does not tell" },
    { OPTION_CALL, "provider", 0, "NAME", "microsoft365, gmail, ..., generic", 0, set_provider },
    { OPTION_CALL, "host", 0, "HOST", "the server's name", 0, set_host },
    { OPTION_HEADING, .help = "What is known already" },
    { OPTION_TEXT, "rules", 0, "FILE", "rules and classes of your own, beside the catalogue's",
      AT(rules), NULL },
    { OPTION_HEADING, .help = "Output" },
    { OPTION_CALL, "format", 0, "FORMAT",
      "text (default), json, or ndjson: an object for every line of input, as it comes", 0,
      set_format },
    { OPTION_CALL, "color", 0, "WHEN", "auto (default), always or never", 0, set_color },
    { OPTION_FLAG, "ascii", 0, NULL, "no character outside ASCII", AT(ascii), NULL },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};

static int print_help(void)
{
    return command_help(
        "usage: maildoctor explain [OPTION...] [TEXT...]\n\n"
        "Says what an error means and who mends it: a server's reply, a line of a log,\n"
        "the words of a mail program, or a whole bounce. Without TEXT standard input is\n"
        "read. "
        "Secrets in it are not shown again.\n\n"
        "Exit status: 0, 1 when something stays unknown, 3 bad usage.\n",
        rows, NULL);
}

/* ---- explaining ---- */

struct run {
    const struct settings *settings;
    struct report_options options;
    struct explainer *explainer;
    struct explanation_tails tails;
    struct buffer out, line, words;
    bool any, unknown;
    char *error; /* of writing; release with free() */
};

static bool flush(struct run *run)
{
    if (run->error || !output_write(NULL, buffer_bytes(&run->out), &run->error))
        return false;
    buffer_clear(&run->out);
    return true;
}

/* One line of NDJSON. CUT bytes of it were left out. */
static bool explain_line(void *to, struct bytes line, size_t cut)
{
    struct run *run = to;
    struct judgement judgement = explain_words(run->explainer, line);
    buffer_clear(&run->line);
    redact(&run->line, line);
    struct explanation explanation = {
        .line = buffer_bytes(&run->line),
        .cut = cut,
        .explained = explain_class(run->explainer, &judgement),
    };
    run->unknown |= !explanation.explained->class_id;
    explanation_ndjson(&run->out, &explanation, &run->tails);
    return buffer_size(&run->out) < FLUSH_AT || flush(run);
}

/* Before more input is waited for: whoever reads a live log wants the answers now. */
static bool explain_pause(void *to)
{
    struct run *run = to;
    return buffer_size(&run->out) == 0 || flush(run);
}

/* The words that decided, to be shown. They are looked for once more in the text without its
 * secrets, so that none can come back out of its context. */
static void keep_words(struct run *run, bool hidden, const struct judgement *judgement)
{
    struct judgement shown = *judgement;
    buffer_clear(&run->words);
    if (hidden)
        shown = explain_block(run->explainer, buffer_bytes(&run->line));
    if (shown.classified.class == judgement->classified.class)
        redact(&run->words, shown.words);
}

static void explain_text(void *to, struct bytes block)
{
    struct run *run = to;
    struct judgement judgement = explain_block(run->explainer, block);
    buffer_clear(&run->line);
    bool hidden = redact(&run->line, block);
    keep_words(run, hidden, &judgement);
    struct explanation explanation = {
        .line = buffer_bytes(&run->line),
        .words = buffer_bytes(&run->words),
        .explained = explain_class(run->explainer, &judgement),
    };
    run->unknown |= !explanation.explained->class_id;
    if (run->settings->form == FORM_JSON)
        explanation_json(&run->out, &explanation, &run->options, !run->any);
    else
        explanation_text(&run->out, &explanation, &run->options, !run->any);
    run->any = true;
}

/* ---- input ---- */

static bool read_lines(struct run *run, const struct operands *operands, char **ret_error)
{
    const struct input_reader reader = { .line = explain_line, .pause = explain_pause, .to = run };
    bool read = true;
    if (operands->count == 0)
        read = input_stream(STDIN_FILENO, &reader, ret_error);
    for (size_t i = 0; i < operands->count; i++)
        read = read && input_lines(text_bytes(operands->items[i]), &reader);
    return read && explain_pause(run);
}

static bool read_blocks(struct run *run, const struct operands *operands, char **ret_error)
{
    struct buffer text;
    buffer_init(&text, INPUT_LIMIT);
    bool read = true;
    for (size_t i = 0; i < operands->count; i++)
        explain_text(run, text_bytes(operands->items[i]));
    if (operands->count == 0) {
        if (isatty(STDIN_FILENO))
            fputs("maildoctor: paste the text, then end it with Ctrl-D\n", stderr);
        read = input_whole(STDIN_FILENO, &text, ret_error);
        if (read && explain_is_report(buffer_bytes(&text)))
            explain_text(run, buffer_bytes(&text));
        else if (read)
            input_paragraphs(buffer_bytes(&text), explain_text, run);
    }
    if (read && !run->any) {
        *ret_error = memory_copy("nothing was given to explain");
        read = false;
    }
    buffer_done(&text);
    return read;
}

static int run_explain(struct run *run, const struct operands *operands)
{
    char *error = NULL;
    bool done;
    if (run->settings->form == FORM_NDJSON) {
        done = read_lines(run, operands, &error);
    } else {
        bool json = run->settings->form == FORM_JSON;
        if (json)
            explanation_json_begin(&run->out, catalogue_date);
        done = read_blocks(run, operands, &error);
        if (json)
            explanation_json_end(&run->out);
        done = done && flush(run);
    }
    if (!done)
        return command_fail(error ? error : run->error);
    return run->unknown ? UNKNOWN : 0;
}

static bool wants_color(const struct settings *settings)
{
    if (strcmp(settings->color, "auto") != 0)
        return strcmp(settings->color, "always") == 0;
    return terminal_has_color(STDOUT_FILENO);
}

static int explain(const struct settings *settings, const struct operands *operands)
{
    bool text = settings->form == FORM_TEXT;
    struct run run = { .settings = settings };
    struct rules *own = NULL;
    char *error = NULL;
    if (!rules_file_read(settings->rules, &own, &error))
        return command_fail(error);
    run.options.color = wants_color(settings);
    run.options.ascii = settings->ascii || (text && !terminal_has_utf8());
    run.tails.ascii = settings->ascii;
    run.explainer = explainer_new(settings->provider, settings->host, own);
    buffer_init(&run.out, SIZE_MAX / 2);
    buffer_init(&run.line, SIZE_MAX / 2);
    buffer_init(&run.words, SIZE_MAX / 2);
    int status = run_explain(&run, operands);
    explanation_tails_done(&run.tails);
    explainer_free(run.explainer);
    rules_free(own);
    buffer_done(&run.out);
    buffer_done(&run.line);
    buffer_done(&run.words);
    return status;
}

/* POP3 refuses with "-ERR": such an argument is a line, no option. A blank in front keeps it from
 * being read as one. */
static char **shield(int argc, char **argv)
{
    char **shielded = memory_new(((size_t)argc + 1) * sizeof *shielded);
    for (int i = 0; i < argc; i++) {
        bool reply = text_starts_fold(text_bytes(argv[i]), "-ERR") ||
                     (argv[i][0] == '-' && argv[i][1] != '-' && strchr(argv[i], ' '));
        shielded[i] = reply ? memory_format(" %s", argv[i]) : memory_copy(argv[i]);
    }
    return shielded;
}

int explain_main(int argc, char **argv)
{
    struct settings settings = { .color = "auto" };
    struct operands operands;
    char *error = NULL;
    char **arguments = shield(argc, argv), **kept = memory_new((size_t)argc * sizeof *kept);
    memcpy(kept, arguments, (size_t)argc * sizeof *kept);
    int status;
    switch (options_read(rows, argc, arguments, &settings, &operands, &error)) {
    case OPTIONS_WANT_HELP:
        status = print_help();
        break;
    case OPTIONS_BAD:
        status = command_fail(error);
        break;
    default:
        status = explain(&settings, &operands);
    }
    for (int i = 0; i < argc; i++)
        free(kept[i]);
    free(kept);
    free(arguments);
    return status;
}
