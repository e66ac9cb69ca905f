#include "command/options.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAME_LIMIT = 32, /* longest word that is compared with the known ones */
    ROW_LIMIT = 128,
    QUOTE_LIMIT = 60,
    HELP_WIDTH = 80,
    HELP_COLUMN = 28, /* where the explanations begin */
};

/* ---- words that were not meant ---- */

/* Optimal string alignment: insert, delete, replace or swap two neighbours, each counts one. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][NAME_LIMIT + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    size_t length = strlen(b);
    for (size_t k = 0; k <= length; k++)
        above[k] = k;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = i;
        for (size_t k = 1; k <= length; k++) {
            size_t cost = text_lower(a[i - 1]) != text_lower(b[k - 1]);
            size_t best = above[k - 1] + cost;
            best = above[k] + 1 < best ? above[k] + 1 : best;
            best = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
                before[k - 2] + 1 < best)
                best = before[k - 2] + 1;
            row[k] = best;
        }
        size_t *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[length];
}

const char *options_nearest(const char *word, const char *const *words)
{
    size_t length = strlen(word);
    if (length < 2 || length > NAME_LIMIT)
        return NULL;
    const char *nearest = NULL;
    size_t best = length < 5 ? 1 : (length + 1) / 3; /* of "foo" nothing is near but "fo" */
    for (; *words; words++) {
        if (strlen(*words) > NAME_LIMIT)
            continue;
        bool begun = length >= 3 && text_starts_fold(text_bytes(*words), word);
        size_t far = begun ? 1 : distance(word, *words);
        if (far <= best && (!nearest || far < best)) {
            best = far;
            nearest = *words;
        }
    }
    return nearest;
}

char *options_quote(const char *text)
{
    struct buffer shown;
    buffer_init(&shown, 4 * QUOTE_LIMIT + 4);
    size_t size = strlen(text), cut = size;
    if (size > QUOTE_LIMIT)
        for (cut = QUOTE_LIMIT; cut && ((unsigned char)text[cut] & 0xc0) == 0x80;)
            cut--;
    text_escape(&shown, (struct bytes) { text, cut });
    if (cut < size)
        buffer_append_text(&shown, "...");
    struct bytes bytes = buffer_bytes(&shown);
    char *quoted = memory_format("%.*s", (int)bytes.size, bytes.size ? bytes.data : "");
    buffer_done(&shown);
    return quoted;
}

/* ---- parsing ---- */

struct reading {
    const struct option_row *rows;
    void *settings;
    int argc, next; /* next: the argument after the one that is read */
    char **argv;
    char *error;
};

static bool is_option(const struct option_row *row)
{
    return row->name != NULL;
}

static bool is_end(const struct option_row *row)
{
    return !row->name && !row->help;
}

static enum options_result apply(struct reading *reading, const struct option_row *row,
                                 const char *value)
{
    char *place = (char *)reading->settings + row->offset;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)place = true;
        return OPTIONS_READ;
    case OPTION_TEXT:
        *(const char **)(void *)place = value;
        return OPTIONS_READ;
    case OPTION_CALL:
        return row->set(reading->settings, value, &reading->error) ? OPTIONS_READ : OPTIONS_BAD;
    case OPTION_REFUSED:
        reading->error = memory_format("--%s: %s", row->name, row->help);
        return OPTIONS_BAD;
    case OPTION_HELP:
        return OPTIONS_WANT_HELP;
    case OPTION_HEADING:
        break;
    }
    return OPTIONS_BAD;
}

/* VALUE is what stood in the same argument, else NULL. */
static enum options_result take(struct reading *reading, const struct option_row *row,
                                const char *value)
{
    if (row->kind == OPTION_REFUSED)
        return apply(reading, row, NULL);
    if (!row->word && value) {
        reading->error = memory_format("option --%s takes no value", row->name);
        return OPTIONS_BAD;
    }
    if (row->word && !value) {
        if (reading->next == reading->argc) {
            reading->error = memory_format("option --%s needs a value: %s", row->name, row->word);
            return OPTIONS_BAD;
        }
        value = reading->argv[reading->next++];
    }
    return apply(reading, row, value);
}

static const struct option_row *find_long(const struct reading *reading, const char *name,
                                          size_t size)
{
    for (const struct option_row *row = reading->rows; !is_end(row); row++)
        if (is_option(row) && strlen(row->name) == size && memcmp(row->name, name, size) == 0)
            return row;
    return NULL;
}

/* A name near one that is refused gets the reason of that one: "--pasword" too must learn why. */
static char *explain_unknown(const struct reading *reading, const char *name)
{
    const char *names[ROW_LIMIT] = { NULL };
    size_t count = 0;
    for (const struct option_row *row = reading->rows; !is_end(row); row++)
        if (is_option(row) && count < ROW_LIMIT - 1)
            names[count++] = row->name;
    const char *nearest = options_nearest(name, names);
    const struct option_row *row = nearest ? find_long(reading, nearest, strlen(nearest)) : NULL;
    char *quoted = options_quote(name);
    char *message = !row ? memory_format("unknown option --%s; --help lists them", quoted)
                    : row->kind == OPTION_REFUSED
                        ? memory_format("unknown option --%s; %s", quoted, row->help)
                        : memory_format("unknown option --%s; did you mean --%s?", quoted, nearest);
    free(quoted);
    return message;
}

static enum options_result read_long(struct reading *reading, const char *argument)
{
    const char *equals = strchr(argument, '=');
    size_t size = equals ? (size_t)(equals - argument) : strlen(argument);
    const struct option_row *row = find_long(reading, argument, size);
    if (row)
        return take(reading, row, equals ? equals + 1 : NULL);
    /* Only the name: the value may be a password. */
    char *name = memory_format("%.*s", (int)size, argument);
    reading->error = explain_unknown(reading, name);
    free(name);
    return OPTIONS_BAD;
}

/* "-4v", "-sVALUE" or "-s VALUE". */
static enum options_result read_short(struct reading *reading, const char *letters)
{
    while (*letters) {
        const struct option_row *row = reading->rows;
        while (!is_end(row) && !(is_option(row) && row->letter == *letters))
            row++;
        if (is_end(row)) {
            unsigned char letter = (unsigned char)*letters;
            bool plain = letter > 0x20 && letter < 0x7f;
            reading->error = memory_format(plain ? "unknown option -%c; --help lists them"
                                                 : "unknown option -\\x%02x; --help lists them",
                                           letter);
            return OPTIONS_BAD;
        }
        letters++;
        bool rest = row->word && *letters;
        enum options_result result = take(reading, row, rest ? letters : NULL);
        if (result != OPTIONS_READ || rest)
            return result;
    }
    return OPTIONS_READ;
}

enum options_result options_read(const struct option_row *rows, int argc, char **argv,
                                 void *settings, struct operands *ret_operands, char **ret_error)
{
    struct reading reading = {
        .rows = rows, .settings = settings, .argc = argc, .next = 1, .argv = argv
    };
    bool only_operands = false;
    *ret_operands = (struct operands) { .items = argv + 1 };
    while (reading.next < argc) {
        char *argument = argv[reading.next++];
        enum options_result result = OPTIONS_READ;
        if (only_operands || argument[0] != '-' || argument[1] == '\0')
            ret_operands->items[ret_operands->count++] = argument;
        else if (strcmp(argument, "--") == 0)
            only_operands = true;
        else
            result = argument[1] == '-' ? read_long(&reading, argument + 2)
                                        : read_short(&reading, argument + 1);
        if (result != OPTIONS_READ) {
            *ret_error = reading.error;
            return result;
        }
    }
    return OPTIONS_READ;
}

bool options_reject(char **ret_error, const char *option, const char *value, const char *why)
{
    char *quoted = options_quote(value);
    *ret_error = memory_format("--%s %s: %s", option, quoted, why);
    free(quoted);
    return false;
}

bool options_text_or_json(const char *value, bool *ret_json, char **ret_error)
{
    *ret_json = strcmp(value, "json") == 0;
    return *ret_json || strcmp(value, "text") == 0 ||
           options_reject(ret_error, "format", value, "text or json");
}

struct option_row *options_join(const struct option_row *const *tables)
{
    size_t count = 1;
    for (size_t i = 0; tables[i]; i++)
        for (const struct option_row *row = tables[i]; !is_end(row); row++)
            count++;
    struct option_row *joined = memory_new(count * sizeof *joined), *next = joined;
    for (size_t i = 0; tables[i]; i++)
        for (const struct option_row *row = tables[i]; !is_end(row); row++)
            *next++ = *row;
    return joined;
}

/* ---- help ---- */

static size_t describe_name(struct buffer *out, const struct option_row *row)
{
    size_t before = buffer_size(out);
    if (row->letter)
        buffer_format(out, "  -%c, --%s", row->letter, row->name);
    else
        buffer_format(out, "      --%s", row->name);
    if (row->word)
        buffer_format(out, " %s", row->word);
    return buffer_size(out) - before;
}

/* TEXT from column COLUMN on, wrapped at blanks, each line begun at HELP_COLUMN. */
static void describe_text(struct buffer *out, const char *text, size_t column)
{
    if (column + 2 > HELP_COLUMN) {
        buffer_append_text(out, "\n");
        column = 0;
    }
    buffer_format(out, "%*s", (int)(HELP_COLUMN - column), "");
    column = HELP_COLUMN;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + word > HELP_WIDTH) {
            buffer_format(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            buffer_append_text(out, " ");
            column++;
        }
        buffer_append(out, text, word);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    buffer_append_text(out, "\n");
}

void options_describe(struct buffer *out, const struct option_row *rows)
{
    for (const struct option_row *row = rows; !is_end(row); row++) {
        if (row->kind == OPTION_HEADING)
            buffer_format(out, "\n%s:\n", row->help);
        else if (row->kind != OPTION_REFUSED)
            describe_text(out, row->help, describe_name(out, row));
    }
}
