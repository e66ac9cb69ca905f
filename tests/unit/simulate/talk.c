#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/text.h"
#include "simulate/script.h"
#include "talk.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1795313540 }; /* 2026-11-22T01:32:20Z */

static const struct sim_accounts accounts = { .user = "ana@contoso.com",
                                              .password = "right horse",
                                              .token = "good.token.here" };

struct talk {
    const char *scenario;
    int number; /* of the line, for messages */
    size_t piece;
    struct sim_script *script;
    struct buffer in, out;
    struct sim_act act;
};

static void differ(const struct talk *talk, const char *what, const char *expected)
{
    struct bytes rest = buffer_bytes(&talk->out);
    fail_msg("%s, line %d, pieces of %zu: %s; expected '%s', left: '%.*s'", talk->scenario,
             talk->number, talk->piece, what, expected, (int)rest.size, rest.data ? rest.data : "");
}

/* Adds LINE, "{plain:...}" and its like replaced by what a client would send. */
static void put_line(struct buffer *out, const char *line)
{
    static const struct {
        const char *name, *message;
        size_t size;
    } secrets[] = {
        { "{xoauth2}", "user=ana@contoso.com\1auth=Bearer good.token.here\1\1", 0 },
        { "{xoauth2-bad}", "user=ana@contoso.com\1auth=Bearer stale.token\1\1", 0 },
        { "{plain}", "\0ana@example.org\0right horse", 28 },
        { "{plain-bad}", "\0ana@example.org\0wrong", 22 },
        { "{user}", "ana@contoso.com", 0 },
        { "{password}", "right horse", 0 },
        { "{password-bad}", "wrong", 0 },
    };
    for (; *line; line++) {
        size_t i = 0, count = sizeof secrets / sizeof secrets[0];
        while (i < count && strncmp(line, secrets[i].name, strlen(secrets[i].name)) != 0)
            i++;
        if (i == count) {
            buffer_append(out, line, 1);
            continue;
        }
        size_t size = secrets[i].size ? secrets[i].size : strlen(secrets[i].message);
        crypto_base64_encode(out, (struct bytes) { secrets[i].message, size });
        line += strlen(secrets[i].name) - 1;
    }
    buffer_append_text(out, "\r\n");
}

static void run(struct talk *talk)
{
    struct sim_act act;
    while (sim_script_step(talk->script, NOW * 1000000000LL, &talk->in, &talk->out, &act)) {
        talk->act = act;
        if (act.then != SIM_GO_ON)
            break;
    }
}

static void client_says(struct talk *talk, const char *line)
{
    struct buffer whole;
    if (buffer_size(&talk->out))
        differ(talk, "the server said more", "nothing");
    buffer_init(&whole, 1 << 20);
    put_line(&whole, line);
    struct bytes bytes = buffer_bytes(&whole);
    while (bytes.size) {
        size_t size = talk->piece && talk->piece < bytes.size ? talk->piece : bytes.size;
        buffer_append(&talk->in, bytes.data, size);
        bytes.data += size;
        bytes.size -= size;
        run(talk);
    }
    buffer_done(&whole);
}

static void server_says(struct talk *talk, const char *pattern)
{
    struct bytes rest = buffer_bytes(&talk->out), line;
    char text[4096];
    size_t had = rest.size;
    if (!text_next_line(&rest, &line)) {
        differ(talk, "the server said nothing", pattern);
        return;
    }
    if (had - rest.size != line.size + 2)
        differ(talk, "the line does not end with CR LF", pattern);
    snprintf(text, sizeof text, "%.*s", (int)line.size, line.data);
    if (fnmatch(pattern, text, 0) != 0)
        differ(talk, "the server said something else", pattern);
    buffer_consume(&talk->out, had - rest.size);
}

static void follows(struct talk *talk, const char *word)
{
    static const char *const words[] = {
        [SIM_GO_ON] = "go-on", [SIM_UPGRADE] = "upgrade", [SIM_CLOSE] = "close",
        [SIM_CUT] = "cut",     [SIM_SILENCE] = "silence",
    };
    if (strcmp(words[talk->act.then], word) != 0)
        differ(talk, words[talk->act.then], word);
}

static void play_line(struct talk *talk, const char *line)
{
    if (strncmp(line, "C: ", 3) == 0)
        client_says(talk, line + 3);
    else if (strncmp(line, "S: ", 3) == 0)
        server_says(talk, line + 3);
    else if (strncmp(line, "= ", 2) == 0)
        follows(talk, line + 2);
    else if (strncmp(line, "+ ", 2) == 0)
        assert_int_equal(talk->act.delay_ms, atoi(line + 2));
    else if (strcmp(line, "T") == 0)
        sim_script_tls(talk->script);
    else
        fail_msg("line %d of the test is no line: %s", talk->number, line);
}

static void play(const char *id, int port_index, const char *lines, size_t piece)
{
    const struct sim_scenario *scenario = sim_scenario_find(id);
    assert_non_null(scenario);
    struct sim_accounts own = accounts;
    own.user = scenario->persona->user;
    const struct sim_script_options options = {
        .scenario = scenario,
        .port_index = port_index,
        .client = "192.0.2.7",
        .accounts = &own,
        .store = sim_store_new(scenario, 0),
        .now_ns = NOW * 1000000000LL,
    };
    struct talk talk = { .scenario = id, .piece = piece, .script = sim_script_new(&options) };
    buffer_init(&talk.in, 1 << 20);
    buffer_init(&talk.out, 1 << 20);
    if (sim_ports[port_index].implicit)
        sim_script_tls(talk.script);
    sim_script_open(talk.script, &talk.out, &talk.act);
    struct bytes rest = text_bytes(lines), line;
    while (text_next_line(&rest, &line)) {
        char text[4096];
        talk.number++;
        snprintf(text, sizeof text, "%.*s", (int)line.size, line.data);
        play_line(&talk, text);
    }
    if (buffer_size(&talk.out))
        differ(&talk, "the server said more", "nothing");
    assert_false(talk.out.overflow);
    sim_script_free(talk.script);
    sim_store_free(options.store);
    buffer_done(&talk.in);
    buffer_done(&talk.out);
}

void talk(const char *scenario, int port_index, const char *lines)
{
    for (size_t piece = 0; piece <= 7; piece++)
        play(scenario, port_index, lines, piece);
}
