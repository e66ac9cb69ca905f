#include "probes/mail_header.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_folded(struct bytes rest)
{
    return rest.size && (rest.data[0] == ' ' || rest.data[0] == '\t');
}

bool mail_header_next(struct bytes *rest, struct arena *arena, struct mail_field *ret_field)
{
    struct bytes line;
    while (text_next_line(rest, &line) && line.size) {
        const char *colon = memchr(line.data, ':', line.size);
        struct bytes value = line;
        while (is_folded(*rest)) {
            text_next_line(rest, &line);
            value.size = (size_t)(line.data + line.size - value.data);
        }
        if (!colon || colon == value.data)
            continue;
        ret_field->name = (struct bytes) { value.data, (size_t)(colon - value.data) };
        value = (struct bytes) { colon + 1, value.size - ret_field->name.size - 1 };
        char *copy = arena_new(arena, value.size + 1), *to = copy;
        for (size_t i = 0; i < value.size; i++)
            if (value.data[i] != '\r' && value.data[i] != '\n' &&
                (to > copy || value.data[i] != ' '))
                *to++ = value.data[i] == '\t' ? ' ' : value.data[i];
        ret_field->value = copy;
        return true;
    }
    return false;
}

bool mail_field_is(const struct mail_field *field, const char *name)
{
    return text_has_word(field->name, name);
}

/* Days since 1970-01-01 of a date of our calendar. */
static int64_t days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t mail_header_date(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *comma = strchr(text, ',');
    int day, year, hour, minute, second = 0, zone = 0;
    char month[4], sign = '+';
    if (comma)
        text = comma + 1;
    int read = sscanf(text, "%d %3s %d %d:%d:%d %c%d", &day, month, &year, &hour, &minute, &second,
                      &sign, &zone);
    const char *at = read >= 5 && strlen(month) == 3 ? strstr(months, month) : NULL;
    if (!at || (at - months) % 3 || year < 1970 || year > 2200 || day < 1 || day > 31 || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || zone < 0 ||
        zone > 1400)
        return -1;
    int64_t offset = (zone / 100 * 60 + zone % 100) * 60;
    if (sign != '+' && sign != '-')
        offset = 0; /* "GMT" and the like */
    int64_t at_s =
        days(year, (at - months) / 3 + 1, day) * 86400 + hour * 3600 + minute * 60 + second;
    return sign == '-' ? at_s + offset : at_s - offset;
}

/* The word behind KEY, which stands at the start or behind a blank. */
static const char *word_behind(struct arena *arena, const char *value, const char *key)
{
    size_t size = strlen(key);
    for (const char *p = value; *p; p++) {
        bool begins = p == value || p[-1] == ' ';
        if (begins && strncmp(p, key, size) == 0 && p[size] == ' ') {
            p += size + strspn(p + size, " ");
            return arena_copy_bytes(arena, (struct bytes) { p, strcspn(p, " ;(") }).data;
        }
    }
    return NULL;
}

struct mail_received mail_header_received(struct arena *arena, const char *value)
{
    const char *semicolon = strrchr(value, ';');
    return (struct mail_received) {
        .from = word_behind(arena, value, "from"),
        .by = word_behind(arena, value, "by"),
        .at_s = semicolon ? mail_header_date(semicolon + 1) : -1,
    };
}
