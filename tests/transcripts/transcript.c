#include "transcript.h"

#include "base/text.h"
#include "play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void play_complain(struct play *p, const char *what, struct bytes saw)
{
    if (p->broken || p->wander)
        return;
    p->broken = true;
    buffer_format(p->error, "line %d, chunk %zu: %s: ", p->line, p->chunk, what);
    text_escape(p->error, saw);
}

/* ---- the lines ---- */

static void begin(struct play *p)
{
    if (p->mail)
        return;
    p->mail = mail_new(p->protocol, &p->wish);
    p->d = mail_dialogue(p->mail);
    dialogue_event(p->d, DIALOGUE_OPEN);
    play_drain(p);
}

static void nothing_unheard(struct play *p)
{
    if (buffer_size(&p->client))
        play_complain(p, "the client said more", buffer_bytes(&p->client));
}

static void feed(struct play *p)
{
    struct bytes all = buffer_bytes(&p->server);
    if (!all.size)
        return;
    size_t chunk = p->chunk ? p->chunk : all.size;
    for (size_t at = 0; at < all.size; at += chunk) {
        size_t size = all.size - at < chunk ? all.size - at : chunk;
        dialogue_bytes(p->d, (struct bytes) { all.data + at, size });
        play_drain(p);
    }
    buffer_clear(&p->server);
}

static void server_says(struct play *p, struct bytes rest, bool line_end, int times)
{
    nothing_unheard(p);
    for (int i = 0; i < times; i++) {
        play_append_decoded(p, &p->server, rest);
        if (line_end)
            buffer_append(&p->server, "\r\n", 2);
    }
}

static void client_says(struct play *p, struct bytes rest)
{
    struct buffer wanted;
    buffer_init(&wanted, TEXT_LIMIT);
    play_append_decoded(p, &wanted, rest);
    buffer_append(&wanted, "\r\n", 2);
    struct bytes want = buffer_bytes(&wanted), have = buffer_bytes(&p->client);
    if (have.size < want.size || memcmp(have.data, want.data, want.size) != 0)
        play_complain(p, "the client said", have);
    else
        buffer_consume(&p->client, want.size);
    buffer_done(&wanted);
}

static const struct {
    const char *name;
    enum dialogue_event event;
} events[] = {
    { "eof", DIALOGUE_EOF },       { "reset", DIALOGUE_RESET }, { "timeout", DIALOGUE_TIMEOUT },
    { "cancel", DIALOGUE_CANCEL }, { "tls", DIALOGUE_TLS_UP },  { "resume", DIALOGUE_RESUME },
};

/* Which words the gate uses does not matter here, but they must be static. */
static const char *static_reason(const char *reason)
{
    static const char *const reasons[] = { "unverified-tls", "guessed-host", "refused-elsewhere",
                                           "refused-earlier", "shown-elsewhere" };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reasons[i], reason) == 0)
            return reasons[i];
    return "tried-elsewhere";
}

static void awaits(struct play *p, enum dialogue_need need, const char *what)
{
    if (p->d->need != need)
        play_complain(p, "the dialogue does not wait for", text_bytes(what));
}

static void happens(struct play *p, const char *name, struct bytes rest)
{
    nothing_unheard(p);
    if (strcmp(name, "permit") == 0 || strcmp(name, "held") == 0) {
        awaits(p, DIALOGUE_NEEDS_PERMIT, "permission");
        dialogue_permit(p->d, name[0] == 'h' ? static_reason(play_decoded(p, rest)) : NULL);
        play_drain(p);
        return;
    }
    if (strcmp(name, "inject") == 0) {
        struct buffer bytes;
        buffer_init(&bytes, TEXT_LIMIT);
        play_append_decoded(p, &bytes, rest);
        dialogue_injected(p->d, buffer_bytes(&bytes));
        buffer_done(&bytes);
        play_drain(p);
        return;
    }
    if (strcmp(name, "fail") == 0) {
        dialogue_fail(p->d, failure_make(FAILURE_TLS_HANDSHAKE, "handshake failure"));
        play_drain(p);
        return;
    }
    if (strcmp(name, "stop") == 0) {
        p->folders.stop = p->message.stop = true;
        return;
    }
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (strcmp(events[i].name, name) != 0)
            continue;
        if (events[i].event == DIALOGUE_RESUME) {
            awaits(p, DIALOGUE_NEEDS_PAUSE, "a pause's end");
            p->folders.second = rest.size ? EXERCISE_UNKNOWN : EXERCISE_YES;
        }
        if (events[i].event == DIALOGUE_TLS_UP)
            awaits(p, DIALOGUE_NEEDS_TLS, "TLS");
        dialogue_event(p->d, events[i].event);
        play_drain(p);
        return;
    }
    play_complain(p, "unknown event", text_bytes(name));
}

static void ends(struct play *p, const char *how)
{
    char saw[128] = "ok";
    nothing_unheard(p);
    if (p->d->need != DIALOGUE_NEEDS_NOTHING)
        snprintf(saw, sizeof saw, "open");
    else if (p->d->failed)
        snprintf(saw, sizeof saw, "failed %s %s", stage_name(p->last_stage),
                 failure_name(p->last_failure.kind));
    else if (p->last_outcome == OUTCOME_CUT)
        snprintf(saw, sizeof saw, "cut");
    if (strcmp(how, saw) != 0)
        play_complain(p, "it ends", text_bytes(saw));
}

/* ---- facts ---- */

static void list(struct buffer *out, const struct strings *strings, const char *between)
{
    for (size_t i = 0; i < strings->count; i++)
        buffer_format(out, "%s%s", i ? between : "", strings->items[i]);
}

static void fact(struct play *p, const char *key, struct buffer *out)
{
    const struct mail_facts *facts = mail_facts(p->mail);
    if (strcmp(key, "session_id") == 0)
        buffer_append_text(out, facts->session_id ? facts->session_id : "none");
    else if (strcmp(key, "seen_as") == 0)
        buffer_append_text(out, facts->seen_as ? facts->seen_as : "none");
    else if (strcmp(key, "mechanism") == 0)
        buffer_append_text(out, facts->mechanism ? facts->mechanism : "none");
    else if (strcmp(key, "mechanisms") == 0)
        list(out, &facts->mechanisms, " ");
    else if (strcmp(key, "before") == 0)
        list(out, &facts->before, ", ");
    else if (strcmp(key, "after") == 0)
        list(out, &facts->after, ", ");
    else if (strcmp(key, "seen") == 0)
        buffer_format(out, "%s%s", facts->before_seen ? "before" : "",
                      facts->after_seen ? "after" : "");
    else if (strcmp(key, "login_sent") == 0)
        buffer_append_text(out, facts->login_sent ? "yes" : "no");
    else if (strcmp(key, "login_done") == 0)
        buffer_append_text(out, facts->login_done ? "yes" : "no");
    else if (strcmp(key, "message_taken") == 0)
        buffer_append_text(out, facts->message_taken ? "yes" : "no");
    else if (strcmp(key, "login_reply") == 0)
        buffer_append(out, facts->login_reply.data, facts->login_reply.size);
    else if (strcmp(key, "left") == 0)
        list(out, &p->folders.made, " ");
    else if (strcmp(key, "swept") == 0)
        list(out, &p->folders.swept, " ");
    else if (strcmp(key, "uid") == 0)
        buffer_append_text(out, p->message.uid);
    else if (strcmp(key, "message-id") == 0)
        buffer_append_text(out, p->message.message_id);
    else if (strcmp(key, "read") == 0)
        buffer_format(out, "%" PRId64 " %s", p->message.seen, p->message.seen_id);
    else if (strcmp(key, "second") == 0)
        buffer_append_text(out, p->second.outcome == EXERCISE_YES ? "yes" : "no");
    else if (strcmp(key, "text") == 0)
        buffer_append_text(out, p->last_failure.text);
    else
        play_complain(p, "unknown fact", text_bytes(key));
}

static bool holds_line(const struct buffer *lines, struct bytes wanted, char end)
{
    struct bytes all = buffer_bytes(lines);
    while (all.size) {
        const char *stop = memchr(all.data, end, all.size);
        size_t size = stop ? (size_t)(stop - all.data) : all.size;
        if (size == wanted.size && memcmp(all.data, wanted.data, size) == 0)
            return true;
        all.data += size + 1;
        all.size -= size + 1;
    }
    return false;
}

/* "? said LINE": the log holds it; "? reply STEP|WORDS": so a step ended; "? heard LINE"; else a
 * fact. */
static void check_fact(struct play *p, const char *key, struct bytes rest)
{
    struct buffer wanted, saw;
    buffer_init(&wanted, TEXT_LIMIT);
    buffer_init(&saw, TEXT_LIMIT);
    play_append_decoded(p, &wanted, rest);
    struct bytes want = buffer_bytes(&wanted);
    if (strcmp(key, "said") == 0 || strcmp(key, "heard") == 0) {
        const struct buffer *rows = key[0] == 's' ? &p->said : &p->heard;
        if (!holds_line(rows, want, '\n'))
            play_complain(p, "the log has", buffer_bytes(rows));
    } else if (strcmp(key, "reply") == 0) {
        if (!holds_line(&p->replies, want, '\0'))
            play_complain(p, "the replies are", buffer_bytes(&p->replies));
    } else {
        fact(p, key, &saw);
        struct bytes have = buffer_bytes(&saw);
        if (have.size != want.size || (want.size && memcmp(have.data, want.data, want.size) != 0))
            play_complain(p, key, have);
    }
    buffer_done(&wanted);
    buffer_done(&saw);
}

/* ---- reading ---- */

/* Takes a word and the blank behind it off LINE. */
static const char *take_word(struct play *p, struct bytes *line, char end)
{
    const char *stop = line->size ? memchr(line->data, end, line->size) : NULL;
    size_t size = stop ? (size_t)(stop - line->data) : line->size;
    const char *word = arena_copy_bytes(&p->arena, (struct bytes) { line->data, size }).data;
    size_t skip = stop ? size + 1 : size;
    line->data += skip;
    line->size -= skip;
    return word;
}

static bool starts(struct bytes *line, const char *prefix)
{
    size_t size = strlen(prefix);
    if (line->size < size || memcmp(line->data, prefix, size) != 0)
        return false;
    line->data += size;
    line->size -= size;
    if (line->size && line->data[0] == ' ') {
        line->data++;
        line->size--;
    }
    return true;
}

static void read_line(struct play *p, struct bytes line)
{
    if (!line.size || line.data[0] == '#')
        return;
    bool server = line.size >= 2 && strchr("Ss", line.data[0]) && strchr(":*", line.data[1]);
    bool other = strchr("C=!>?", line.data[0]);
    if (!server && !other) {
        const char *key = take_word(p, &line, ':');
        if (!p->mail)
            play_header(p, key, text_trim(line));
        else
            play_complain(p, "a header after the beginning", text_bytes(key));
        return;
    }
    begin(p);
    if (!server)
        feed(p);
    if (starts(&line, "S:"))
        server_says(p, line, true, 1);
    else if (starts(&line, "s:"))
        server_says(p, line, false, 1);
    else if (starts(&line, "S*")) {
        int times = atoi(take_word(p, &line, ' '));
        server_says(p, line, true, times < 0 || times > 20000 ? 0 : times);
    } else if (p->wander && line.data[0] != '=')
        return;
    else if (starts(&line, "C:"))
        client_says(p, line);
    else if (starts(&line, "=")) {
        const char *name = take_word(p, &line, ' ');
        happens(p, name, line);
    } else if (starts(&line, "!"))
        ends(p, play_decoded(p, line));
    else if (starts(&line, ">")) {
        buffer_append(&p->wanted, line.data, line.size);
        buffer_append(&p->wanted, "\n", 1);
    } else if (starts(&line, "?")) {
        const char *key = take_word(p, &line, ' ');
        check_fact(p, key, line);
    }
}

static void check_steps(struct play *p)
{
    struct bytes want = buffer_bytes(&p->wanted), have = buffer_bytes(&p->steps);
    if (want.size && (want.size != have.size || memcmp(want.data, have.data, want.size) != 0))
        play_complain(p, "the steps are", have);
}

/* The end of every dialogue: it can be cut off at any time, and then is silent. */
static void cut_off(struct play *p)
{
    dialogue_event(p->d, DIALOGUE_CANCEL);
    play_drain(p);
    play_must(p->d->need == DIALOGUE_NEEDS_NOTHING && p->open_count == 0, "CANCEL ends everything");
    dialogue_bytes(p->d, text_bytes("220 too late\r\n"));
    dialogue_event(p->d, DIALOGUE_TLS_UP);
    dialogue_permit(p->d, NULL);
    dialogue_injected(p->d, text_bytes("x"));
    dialogue_fail(p->d, failure_make(FAILURE_SYSTEM, "late"));
    struct dialogue_row row;
    play_must(!dialogue_row(p->d, &row) && !buffer_size(&p->d->out),
              "after its end nothing happens");
}

static void play_through(struct play *p, struct bytes text)
{
    struct buffer *buffers[] = { &p->server, &p->client, &p->steps,  &p->wanted,
                                 &p->said,   &p->heard,  &p->replies };
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_init(buffers[i], 8 * TEXT_LIMIT);
    struct bytes line;
    while (!p->broken && text_next_line(&text, &line)) {
        p->line++;
        read_line(p, line);
    }
    begin(p);
    feed(p);
    if (!p->broken && !p->wander)
        check_steps(p);
}

static void play_done(struct play *p)
{
    cut_off(p);
    struct buffer *buffers[] = { &p->server, &p->client, &p->steps,  &p->wanted,
                                 &p->said,   &p->heard,  &p->replies };
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_done(buffers[i]);
    mail_free(p->mail);
    exercise_imap_done(&p->folders);
    arrival_done(&p->arrival);
    secret_free(p->password);
    secret_free(p->token);
    arena_done(&p->arena);
}

bool transcript_play(struct bytes text, size_t chunk, struct buffer *ret_error)
{
    struct play p = { .chunk = chunk, .error = ret_error };
    play_through(&p, text);
    play_done(&p);
    return !p.broken;
}

void transcript_wander(struct bytes text, size_t chunk, struct buffer *ret_story)
{
    struct play p = { .chunk = chunk, .error = ret_story, .wander = true };
    play_through(&p, text);
    struct bytes steps = buffer_bytes(&p.steps), client = buffer_bytes(&p.client);
    buffer_append(ret_story, steps.data, steps.size);
    buffer_append(ret_story, client.data, client.size);
    buffer_format(ret_story, "%d %s", (int)p.d->need, p.last_failure.text);
    play_done(&p);
}
