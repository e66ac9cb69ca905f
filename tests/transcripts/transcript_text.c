#include "play.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *play_decoded(struct play *p, struct bytes text)
{
    struct buffer out;
    buffer_init(&out, TEXT_LIMIT);
    for (size_t i = 0; i < text.size; i++) {
        char next = i + 1 < text.size ? text.data[i + 1] : '\0';
        if (text.data[i] == '\\' && (next == 'r' || next == 'n' || next == '\\')) {
            buffer_append(&out, next == 'r' ? "\r" : next == 'n' ? "\n" : "\\", 1);
            i++;
        } else if (text.data[i] == '\\' && next == 'x' && i + 3 < text.size) {
            char hex[3] = { text.data[i + 2], text.data[i + 3], '\0' };
            char byte = (char)strtol(hex, NULL, 16);
            buffer_append(&out, &byte, 1);
            i += 3;
        } else {
            buffer_append(&out, text.data + i, 1);
        }
    }
    struct bytes copy = arena_copy_bytes(&p->arena, buffer_bytes(&out));
    buffer_done(&out);
    return copy.data;
}

/* The bytes of a line, escapes read; a NUL among them counts. */
void play_append_decoded(struct play *p, struct buffer *out, struct bytes text)
{
    /* Every escape stands for one byte, so what is left of the text tells how many there are. */
    size_t size = 0;
    for (size_t i = 0; i < text.size; size++) {
        char next = i + 1 < text.size ? text.data[i + 1] : '\0';
        bool short_escape = text.data[i] == '\\' && (next == 'r' || next == 'n' || next == '\\');
        bool long_escape = text.data[i] == '\\' && next == 'x' && i + 3 < text.size;
        i += short_escape ? 2 : long_escape ? 4 : 1;
    }
    buffer_append(out, play_decoded(p, text), size);
}

static struct secret *new_secret(struct play *p, struct bytes value, struct secret *old)
{
    struct buffer raw;
    buffer_init(&raw, TEXT_LIMIT);
    play_append_decoded(p, &raw, value);
    secret_free(old);
    struct secret *secret = secret_new(buffer_bytes(&raw));
    buffer_done(&raw);
    return secret;
}

static void read_protocol(struct play *p, const char *value)
{
    static const char *const names[] = { "smtp", "imap", "pop3" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i]) == 0)
            p->protocol = (enum mail_protocol)i;
}

/* The state of a task is always the same, so that what is said is known: the run of 22 November
 * 2026, 10:14 UTC, with a killed one before it and one that is still at work. */
static void read_task(struct play *p, const char *value)
{
    static const struct {
        const char *name;
        const struct dialogue_task *task;
        size_t state;
    } tasks[] = {
        { "exercise-imap", &exercise_imap_task, offsetof(struct play, folders) },
        { "exercise-second", &exercise_second_task, offsetof(struct play, second) },
        { "exercise-pop3", &exercise_pop3_task, offsetof(struct play, message) },
        { "exercise-pop3-again", &exercise_pop3_again_task, offsetof(struct play, message) },
        { "exercise-pop3-choose", &exercise_pop3_choose_task, offsetof(struct play, message) },
        { "exercise-pop3-over-imap", &exercise_pop3_over_imap_task,
          offsetof(struct play, message) },
        { "arrival", &arrival_imap_task, offsetof(struct play, arrival) },
        { "arrival-pop3", &arrival_pop3_task, offsetof(struct play, arrival) },
        { "arrival-copy", &arrival_imap_task, offsetof(struct play, arrival) },
    };
    p->folders.now_s = 1795342440;
    p->folders.hold_ms = 60000;
    p->arrival = (struct arrival) {
        .run_id = "0123456789abcdef",
        .message_id = "0123456789abcdef.maildoctor@contoso.com",
        .now_s = 1795342440,
        .rounds = 2,
        .pause_ms = 1000,
        .copy_only = strcmp(value, "arrival-copy") == 0,
    };
    exercise_id(p->folders.id, p->folders.now_s, 0xcafe);
    strings_add(&p->folders.dead, &p->arena, "20261122T101300-0000dead");
    strings_add(&p->folders.busy, &p->arena, "20261121T080000-0000beef");
    p->second.folder = "maildoctor-exercise-20261122T101400-0000cafe";
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
        if (strcmp(tasks[i].name, value) == 0) {
            p->wish.task = tasks[i].task;
            p->wish.task_state = (char *)p + tasks[i].state;
            return;
        }
    play_complain(p, "unknown task", text_bytes(value));
}

/* What an earlier session of the same exercise found out. */
static bool read_found(struct play *p, const char *key, const char *value)
{
    if (strcmp(key, "message") == 0)
        p->message.number = atoi(value);
    else if (strcmp(key, "uid") == 0)
        snprintf(p->message.uid, sizeof p->message.uid, "%s", value);
    else if (strcmp(key, "message-id") == 0)
        snprintf(p->message.message_id, sizeof p->message.message_id, "%s", value);
    else if (strcmp(key, "read") == 0) {
        p->message.asked = true;
        p->message.seen = atoi(value);
    } else if (strcmp(key, "read-id") == 0)
        snprintf(p->message.seen_id, sizeof p->message.seen_id, "%s", value);
    else
        return false;
    return true;
}

/* The message is the same in every transcript, but for its addresses. One that names none has
 * both all the same, as every caller of a submission must: what is played may be anything. */
static bool read_submission(struct play *p, const char *key, const char *value)
{
    struct submission *submission = &p->submission;
    if (!submission->from)
        submission->from = submission->to = "ana@contoso.com";
    if (strcmp(key, "from") == 0)
        submission->from = value;
    else if (strcmp(key, "to") == 0)
        submission->to = value;
    else if (strcmp(key, "rcpt-only") == 0)
        submission->rcpt_only = true;
    else if (strcmp(key, "anonymous") == 0)
        submission->anonymous = true;
    else
        return false;
    submission->message_id = "0123456789abcdef.maildoctor@contoso.com";
    submission->run_id = "0123456789abcdef";
    submission->tool = "maildoctor/0";
    submission->now_s = 1795299600; /* 2026-11-22 */
    p->wish.submission = submission;
    return true;
}

void play_header(struct play *p, const char *key, struct bytes rest)
{
    const char *value = play_decoded(p, rest);
    if (strcmp(key, "protocol") == 0)
        read_protocol(p, value);
    else if (strcmp(key, "mode") == 0) {
        p->wish.starttls = strcmp(value, "starttls") == 0;
        p->wish.implicit = strcmp(value, "implicit") == 0;
    } else if (strcmp(key, "user") == 0)
        p->wish.login.user = value;
    else if (strcmp(key, "password") == 0)
        p->wish.login.password = p->password = new_secret(p, rest, p->password);
    else if (strcmp(key, "token") == 0)
        p->wish.login.token = p->token = new_secret(p, rest, p->token);
    else if (strcmp(key, "auth") == 0)
        p->wish.login.mechanism = value;
    else if (strcmp(key, "host") == 0)
        p->wish.host = value;
    else if (strcmp(key, "port") == 0)
        p->wish.port = atoi(value);
    else if (strcmp(key, "ehlo") == 0)
        p->wish.ehlo = value;
    else if (strcmp(key, "mailbox") == 0)
        p->wish.mailbox = true;
    else if (strcmp(key, "transfer") == 0)
        p->wish.transfer = true;
    else if (strcmp(key, "task") == 0)
        read_task(p, value);
    else if (!read_found(p, key, value) && !read_submission(p, key, value))
        play_complain(p, "unknown header", text_bytes(key));
}
