/* Placeholders in the texts of scenarios and personas. */
#include "base/crypto.h"
#include "base/text.h"
#include "simulate/script_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The time in Unix seconds as the simulated server has it. */
static time_t server_time(const struct sim_script *script)
{
    return (time_t)(script->now_ns / 1000000000) + script->options.scenario->clock_days * 86400;
}

/* "Sun, 23 Nov 2025 11:12:20 +0000" (RFC 5322 section 3.3), whatever the locale. */
static void put_date(const struct sim_script *script, struct buffer *out)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = server_time(script);
    struct tm t;
    gmtime_r(&now, &t);
    buffer_format(out, "%.3s, %d %.3s %d %02d:%02d:%02d +0000", days + 3 * t.tm_wday, t.tm_mday,
                  months + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* "2025-11-23T11:12:20.123Z" */
static void put_time(const struct sim_script *script, struct buffer *out)
{
    time_t now = server_time(script);
    struct tm t;
    gmtime_r(&now, &t);
    buffer_format(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1,
                  t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, (int)(script->now_ns / 1000000 % 1000));
}

/* The server's internal name as Exchange shows it in IMAP and POP3 greetings: UTF-16LE in base64.
 */
static void put_place(const struct sim_script *script, struct buffer *out)
{
    const char *backend = script->options.scenario->persona->backend;
    struct buffer wide;
    buffer_init(&wide, 512);
    for (const char *p = backend; *p; p++) {
        char pair[2] = { *p, '\0' };
        buffer_append(&wide, pair, sizeof pair);
    }
    crypto_base64_encode(out, buffer_bytes(&wide));
    buffer_done(&wide);
}

static void put_refusal(const struct sim_script *script, struct buffer *out)
{
    if (script->refusal[0])
        buffer_format(out, " Error: %s", script->refusal);
}

static void put_exists(const struct sim_script *script, struct buffer *out)
{
    buffer_format(out, "%zu", script->said.exists);
}

static void put_size(const struct sim_script *script, struct buffer *out)
{
    buffer_format(out, "%zu", script->said.size);
}

static void put_number(const struct sim_script *script, struct buffer *out)
{
    buffer_format(out, "%zu", script->said.number);
}

static void put_validity(const struct sim_script *script, struct buffer *out)
{
    buffer_format(out, "%" PRIu32, script->said.validity);
}

static void put_next(const struct sim_script *script, struct buffer *out)
{
    buffer_format(out, "%" PRIu32, script->said.next);
}

static const char *text_of(const struct sim_script *script, struct bytes name)
{
    const struct sim_persona *persona = script->options.scenario->persona;
    const struct {
        const char *name, *text;
    } texts[] = {
        { "front", persona->front },
        { "backend", persona->backend },
        { "session", script->session },
        { "client", script->options.client },
        { "user", script->options.accounts->user },
        { "tag", script->tag },
        { "verb", script->verb },
        { "line", script->quote },
        { "code", script->said.code },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strlen(texts[i].name) == name.size && memcmp(texts[i].name, name.data, name.size) == 0)
            return texts[i].text;
    return NULL;
}

/* Fills in the placeholder NAME; false when there is none of that name. */
static bool fill(const struct sim_script *script, struct bytes name, struct buffer *out)
{
    static const struct {
        const char *name;
        void (*put)(const struct sim_script *script, struct buffer *out);
    } made[] = {
        { "date", put_date },       { "time", put_time },         { "place", put_place },
        { "refusal", put_refusal }, { "exists", put_exists },     { "size", put_size },
        { "number", put_number },   { "validity", put_validity }, { "next", put_next },
    };
    const char *text = text_of(script, name);
    if (text) {
        buffer_append_text(out, text);
        return true;
    }
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        if (strlen(made[i].name) == name.size && memcmp(made[i].name, name.data, name.size) == 0) {
            made[i].put(script, out);
            return true;
        }
    return false;
}

void sim_expand(const struct sim_script *script, const char *text, struct buffer *out)
{
    for (const char *p = text; *p; p++) {
        const char *end = *p == '{' ? strpbrk(p + 1, "{}\n") : NULL;
        struct bytes name = { p + 1, end ? (size_t)(end - p - 1) : 0 };
        if (end && *end == '}' && fill(script, name, out))
            p = end;
        else if (*p == '\n')
            buffer_append_text(out, "\r\n");
        else
            buffer_append(out, p, 1);
    }
    buffer_append_text(out, "\r\n");
}
