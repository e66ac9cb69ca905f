#include "play.h"

#include "base/text.h"

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
    else
        play_complain(p, "unknown header", text_bytes(key));
}
