#include "command/token_show.h"

#include "base/arena.h"
#include "base/text.h"

#include <stdio.h>
#include <time.h>

enum { LABEL_WIDTH = 11, TIME_SIZE = 32 };

/* ---- text ---- */

static void put_line(const struct page *page, const char *label, struct bytes value)
{
    struct buffer line;
    page_begin(&line);
    buffer_format(&line, "%-*s", LABEL_WIDTH, label);
    page_peer(page, &line, value);
    const struct page_text how = { .indent = 2, .hang = 2 + LABEL_WIDTH };
    page_fold(page, &how, buffer_bytes(&line));
    buffer_done(&line);
}

static void put_text(const struct page *page, const char *label, const char *value)
{
    if (value)
        put_line(page, label, text_bytes(value));
}

static void put_list(const struct page *page, const char *label, const struct strings *list)
{
    struct buffer words;
    buffer_init(&words, 65536);
    for (size_t i = 0; i < list->count; i++)
        buffer_format(&words, i ? " %s" : "%s", list->items[i]);
    if (list->count)
        put_line(page, label, buffer_bytes(&words));
    buffer_done(&words);
}

static const char *instant(int64_t seconds, char text[static TIME_SIZE])
{
    time_t time = (time_t)seconds;
    struct tm parts;
    gmtime_r(&time, &parts);
    strftime(text, TIME_SIZE, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

/* "for another 59 min", "since 3 h" */
static const char *span(int64_t seconds, char text[static TIME_SIZE])
{
    long long s = seconds;
    if (s < 120)
        snprintf(text, TIME_SIZE, "%lld s", s);
    else if (s < 2 * 3600)
        snprintf(text, TIME_SIZE, "%lld min", s / 60);
    else if (s < 2 * 86400)
        snprintf(text, TIME_SIZE, "%lld h", s / 3600);
    else
        snprintf(text, TIME_SIZE, "%lld days", s / 86400);
    return text;
}

static void put_times(const struct page *page, const struct token *token, int64_t now)
{
    char from[TIME_SIZE], to[TIME_SIZE], left[TIME_SIZE], line[4 * TIME_SIZE];
    if (token->not_before) {
        bool early = token->not_before > now;
        snprintf(line, sizeof line, "%s UTC%s%s%s", instant(token->not_before, from),
                 early ? ", in " : "", early ? span(token->not_before - now, left) : "",
                 early ? ": not valid yet" : "");
        put_text(page, "from", line);
    }
    if (token->expires) {
        bool over = token->expires <= now;
        snprintf(line, sizeof line, over ? "%s UTC: expired %s ago" : "%s UTC, for another %s",
                 instant(token->expires, to),
                 span(over ? now - token->expires : token->expires - now, left));
        put_text(page, "until", line);
    }
}

void token_show_text(const struct page *page, const struct token *token, int64_t now)
{
    char digest[32];
    snprintf(digest, sizeof digest, "sha256:%s", token->digest);
    put_text(page, "token", digest);
    if (!token->readable) {
        put_text(page, "content", "opaque: only the server can read it, and that is no fault");
        return;
    }
    put_list(page, "audience", &token->audience);
    put_list(page, "scopes", &token->scopes);
    put_list(page, "roles", &token->roles);
    put_text(page, "user", token->app_only ? "none: it is an app's own" : token->user);
    put_text(page, "app", token->app_name);
    put_text(page, "app id", token->app);
    put_text(page, "tenant", token->tenant);
    put_text(page, "issuer", token->issuer);
    put_text(page, "version", token->version);
    put_times(page, token, now);
}

/* ---- JSON ---- */

static json_t *peer(const char *text)
{
    struct buffer shown;
    buffer_init(&shown, 65536);
    text_escape(&shown, text_bytes(text));
    struct bytes bytes = buffer_bytes(&shown);
    json_t *value = json_stringn(bytes.data ? bytes.data : "", bytes.size);
    buffer_done(&shown);
    return value;
}

static void set_text(json_t *object, const char *name, const char *value)
{
    if (value)
        json_object_set_new(object, name, peer(value));
}

static void set_list(json_t *object, const char *name, const struct strings *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, peer(list->items[i]));
    json_object_set_new(object, name, array);
}

static void set_time(json_t *object, const char *name, int64_t seconds)
{
    char text[TIME_SIZE];
    time_t time = (time_t)seconds;
    struct tm parts;
    if (!seconds)
        return;
    gmtime_r(&time, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    json_object_set_new(object, name, json_string(text));
}

json_t *token_show_json(const struct token *token)
{
    json_t *object = json_object();
    json_object_set_new(object, "sha256", json_string(token->digest));
    json_object_set_new(object, "readable", json_boolean(token->readable));
    if (!token->readable)
        return object;
    set_list(object, "audience", &token->audience);
    set_list(object, "scopes", &token->scopes);
    set_list(object, "roles", &token->roles);
    json_object_set_new(object, "app_only", json_boolean(token->app_only));
    set_text(object, "user", token->user);
    set_text(object, "app_name", token->app_name);
    set_text(object, "app", token->app);
    set_text(object, "tenant", token->tenant);
    set_text(object, "issuer", token->issuer);
    set_text(object, "version", token->version);
    set_time(object, "issued", token->issued);
    set_time(object, "not_before", token->not_before);
    set_time(object, "expires", token->expires);
    return object;
}
