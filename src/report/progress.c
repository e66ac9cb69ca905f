#include "report/progress.h"

#include "base/text.h"
#include "report/page.h"
#include "report/row.h"
#include "report/width.h"
#include "report/wording.h"

#include <stdio.h>
#include <string.h>

/* More would push what matters off a small terminal. */
enum { LINES_LIMIT = 14, HOST_COLUMNS = 28 };

/* ---- what an endpoint is doing ---- */

static const struct step *open_step(const struct endpoint *endpoint)
{
    for (const struct attempt *a = endpoint->attempts; a; a = a->next)
        for (const struct step *s = a->steps; s; s = s->next)
            if (s->duration_ns < 0)
                return s;
    return NULL;
}

static bool is_connecting(const struct endpoint *endpoint)
{
    bool connected = false, open = false;
    for (const struct address *a = endpoint->addresses; a; a = a->next) {
        connected = connected || a->status == STATUS_OK;
        open = open || a->connect_ns < 0;
    }
    return open && !connected;
}

/* All went well so far, and what comes next waits for another endpoint's login. */
static bool is_waiting_for_login(const struct endpoint *endpoint)
{
    const struct attempt *attempt = endpoint_attempt(endpoint, PURPOSE_MAIN);
    const struct step *last = attempt ? attempt->steps : NULL;
    while (last && last->next)
        last = last->next;
    return last && last->status == STATUS_OK && last->stage > STAGE_CONNECT &&
           last->stage < STAGE_LOGIN;
}

static const char *doing(const struct step *step)
{
    static const char *const words[] = {
        [STAGE_NONE] = "working",
        [STAGE_RESOLVE] = "looking up the name",
        [STAGE_CONNECT] = "connecting",
        [STAGE_GREETING] = "waiting for the greeting",
        [STAGE_CAPABILITY] = "asking what it offers",
        [STAGE_STARTTLS] = "asking for TLS",
        [STAGE_TLS] = "TLS handshake",
        [STAGE_LOGIN] = "logging in",
        [STAGE_MAILBOX] = "opening the mailbox",
        [STAGE_SUBMIT] = "submitting",
        [STAGE_GOODBYE] = "saying goodbye",
    };
    return words[step->stage];
}

static void append_state(struct buffer *line, const struct trace *trace,
                         const struct endpoint *endpoint, int64_t now_ns)
{
    const struct step *step = open_step(endpoint);
    if (step) {
        buffer_format(line, "%s %.1f s", doing(step), (double)(now_ns - step->start_ns) / 1e9);
        return;
    }
    if (is_connecting(endpoint)) {
        buffer_format(line, "connecting %.1f s",
                      (double)(now_ns - endpoint->addresses->start_ns) / 1e9);
        return;
    }
    if (!endpoint->attempts && !endpoint->addresses) {
        buffer_append_text(line, "waiting");
        return;
    }
    if (is_waiting_for_login(endpoint)) {
        buffer_append_text(line, "waiting for its turn to log in");
        return;
    }
    /* How far it came; the report has the whole row. */
    struct row row;
    row_make(&row, trace, endpoint, wording_or(trace->target.provider_title, "this provider"));
    if (row.count)
        buffer_append_text(line, row.phrases[row.count - 1].text);
}

/* ---- drawing ---- */

/* One line, cut at COLUMNS. What is left of the line before is erased behind it, not in front:
 * so nothing flickers. A line that fills the width leaves nothing to erase, and erasing would take
 * its last character on some terminals. */
static void draw_line(struct progress *progress, struct buffer *out, struct bytes shown,
                      int columns)
{
    size_t room = columns > 0 ? (size_t)columns : 1;
    size_t fits = width_fit(shown, room);
    buffer_append(out, shown.data, fits);
    if (width_columns((struct bytes) { shown.data, fits }) < room)
        buffer_append_text(out, "\x1b[K");
    buffer_append_text(out, "\n");
    progress->lines++;
}

static size_t host_columns(const struct page *page, const struct trace *trace)
{
    size_t widest = 0;
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        struct buffer host;
        page_begin(&host);
        page_peer(page, &host, text_bytes(e->host));
        size_t columns = width_columns(buffer_bytes(&host));
        widest = columns > widest ? columns : widest;
        buffer_done(&host);
    }
    return widest < HOST_COLUMNS ? widest : HOST_COLUMNS;
}

static void draw_endpoint(struct progress *progress, struct buffer *out, const struct page *page,
                          const struct trace *trace, const struct endpoint *endpoint,
                          int64_t now_ns)
{
    struct buffer line, state, host;
    page_begin(&line);
    page_begin(&state);
    page_begin(&host);
    page_peer(page, &host, text_bytes(endpoint->host));
    struct bytes name = buffer_bytes(&host);
    size_t column = host_columns(page, trace), fits = width_fit(name, column);
    size_t pad = column - width_columns((struct bytes) { name.data, fits });
    buffer_format(&line, "%5d ", endpoint->port);
    buffer_append(&line, name.data, fits);
    buffer_format(&line, "%*s", (int)pad + 2, "");
    append_state(&state, trace, endpoint, now_ns);
    page_own(page, &line, page_words(&state));
    draw_line(progress, out, buffer_bytes(&line), (int)page->width);
    buffer_done(&line);
    buffer_done(&state);
    buffer_done(&host);
}

static void draw_title(struct progress *progress, struct buffer *out, const struct page *page,
                       const struct trace *trace, int64_t now_ns)
{
    struct buffer line;
    page_begin(&line);
    page_own(page, &line, trace->endpoints ? "Checking " : "Looking for the mail servers of ");
    page_peer(page, &line, text_bytes(wording_or(trace->target.input, "")));
    page_own_format(page, &line, " %.1f s", (double)now_ns / 1e9);
    draw_line(progress, out, buffer_bytes(&line), (int)page->width);
    buffer_done(&line);
}

/* Back to the first line of the block, without erasing it. */
static void go_back(struct progress *progress, struct buffer *out)
{
    if (progress->lines)
        buffer_format(out, "\r\x1b[%dA", progress->lines);
    progress->lines = 0;
}

void progress_draw(struct progress *progress, struct buffer *out, const struct trace *trace,
                   int64_t now_ns, int columns, bool ascii)
{
    struct page page = { .out = out, .ascii = ascii, .width = columns > 0 ? (size_t)columns : 1 };
    int before = progress->lines, more = 0;
    go_back(progress, out);
    draw_title(progress, out, &page, trace, now_ns);
    for (const struct endpoint *e = trace->endpoints; e; e = e->next) {
        if (progress->lines < LINES_LIMIT)
            draw_endpoint(progress, out, &page, trace, e, now_ns);
        else
            more++;
    }
    if (more) {
        char line[48];
        snprintf(line, sizeof line, "      and %d more", more);
        draw_line(progress, out, text_bytes(line), columns);
    }
    if (before > progress->lines)
        buffer_append_text(out, "\x1b[J");
}

void progress_clear(struct progress *progress, struct buffer *out)
{
    int lines = progress->lines;
    go_back(progress, out);
    if (lines)
        buffer_append_text(out, "\x1b[J");
}
