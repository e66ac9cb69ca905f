#include "probes/exercise_folder.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char stem[] = "maildoctor-exercise-";
enum { STEM_SIZE = sizeof stem - 1, ID_LENGTH = EXERCISE_ID_SIZE - 1 };

void exercise_id(char id[static EXERCISE_ID_SIZE], int64_t now_s, uint32_t random)
{
    time_t now = (time_t)now_s;
    struct tm tm;
    char date[16];
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%Y%m%dT%H%M%S", &tm);
    snprintf(id, EXERCISE_ID_SIZE, "%s-%08x", date, (unsigned)random);
}

const char *exercise_folder(struct exercise_imap *x, const char *suffix)
{
    return arena_format(&x->arena, "%s%s%s%s", x->prefix, stem, x->id, suffix);
}

/* ---- the personal namespace ---- */

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '%' && c != '*';
}

/* "* NAMESPACE (("INBOX." ".")) NIL NIL": the first string of the first list. */
void exercise_read_namespace(struct exercise_imap *x, struct bytes text)
{
    static const char opening[] = "* NAMESPACE ((\"";
    const char *found = text_find_fold(text, opening);
    if (!found)
        return;
    found += sizeof opening - 1;
    size_t size = (size_t)(text.data + text.size - found), length = 0;
    while (length < size && length < EXERCISE_PREFIX_LIMIT - 1 && is_plain(found[length]))
        length++;
    if (length == size || found[length] != '"')
        return;
    memcpy(x->prefix, found, length);
    x->prefix[length] = '\0';
}

/* ---- folders of other runs ---- */

/* "20261122T101400-1a2b3c4d" */
static bool is_id(const char *text)
{
    for (int i = 0; i < ID_LENGTH; i++) {
        char c = text[i];
        bool fits = i == 8    ? c == 'T'
                    : i == 15 ? c == '-'
                    : i < 15  ? isdigit((unsigned char)c) != 0
                              : isxdigit((unsigned char)c) != 0;
        if (!fits)
            return false;
    }
    return true;
}

static int64_t begun_s(const char *id)
{
    int number[6];
    if (sscanf(id, "%4d%2d%2dT%2d%2d%2d", &number[0], &number[1], &number[2], &number[3],
               &number[4], &number[5]) != 6)
        return 0;
    struct tm tm = { .tm_year = number[0] - 1900,
                     .tm_mon = number[1] - 1,
                     .tm_mday = number[2],
                     .tm_hour = number[3],
                     .tm_min = number[4],
                     .tm_sec = number[5] };
    return (int64_t)timegm(&tm);
}

static bool holds(const struct strings *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], item) == 0)
            return true;
    return false;
}

/* A run of another machine may still be at work: only time tells. */
static bool is_dead(const struct exercise_imap *x, const char *id)
{
    if (holds(&x->dead, id))
        return true;
    int64_t age_s = x->now_s - begun_s(id);
    return !holds(&x->busy, id) && age_s > EXERCISE_FOREIGN_S;
}

/* Where our stem begins in LINE, right behind the prefix at the start of a name; NULL when not. */
static const char *find_stem(const struct exercise_imap *x, struct bytes line)
{
    const char *found = text_find_fold(line, stem);
    size_t prefix = strlen(x->prefix);
    if (!found || (size_t)(found - line.data) < prefix + 1 ||
        memcmp(found - prefix, x->prefix, prefix) != 0 || memcmp(found, stem, STEM_SIZE) != 0)
        return NULL;
    char before = found[-(long)prefix - 1];
    return before == ' ' || before == '"' ? found : NULL;
}

/* The whole name must be of the form that we give: a folder that somebody named nearly so is
 * theirs. */
static void read_line(struct exercise_imap *x, struct bytes line, struct strings *ours)
{
    const char *name = find_stem(x, line);
    size_t size = name ? (size_t)(line.data + line.size - name) : 0;
    if (size < STEM_SIZE + ID_LENGTH || !is_id(name + STEM_SIZE))
        return;
    struct bytes rest = { name + STEM_SIZE + ID_LENGTH, size - STEM_SIZE - ID_LENGTH };
    if (rest.size && rest.data[rest.size - 1] == '"')
        rest.size--;
    bool suffix = rest.size == 2 && rest.data[0] == '-' && strchr("ab", rest.data[1]);
    if (rest.size && !suffix)
        return;
    const char *id =
        arena_copy_bytes(&x->arena, (struct bytes) { name + STEM_SIZE, ID_LENGTH }).data;
    const char *whole =
        arena_format(&x->arena, "%s%s%s%.*s", x->prefix, stem, id, (int)rest.size, rest.data);
    if (strcmp(id, x->id) == 0)
        strings_add(ours, &x->arena, whole);
    else if (is_dead(x, id) && x->stale.count < EXERCISE_SWEEP_LIMIT)
        strings_add(&x->stale, &x->arena, whole);
}

void exercise_read_list(struct exercise_imap *x, struct bytes text, struct strings *ours)
{
    struct bytes line;
    while (text_next_line(&text, &line))
        if (text_starts_fold(line, "* LIST "))
            read_line(x, line, ours);
}
