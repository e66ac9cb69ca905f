/* ENVELOPE and BODYSTRUCTURE (RFC 3501 section 7.4.2). */
#include "base/text.h"
#include "simulate/imap_parts.h"

#include <string.h>

enum { VALUE_LIMIT = 8192, DEEPEST = 5, MOST_CHILDREN = 20 };

void sim_put_string(struct buffer *out, struct bytes text)
{
    bool plain = text.size < 1000;
    for (size_t i = 0; i < text.size && plain; i++)
        plain = text.data[i] >= ' ' && text.data[i] <= '~' && !strchr("\"\\", text.data[i]);
    if (!text.data)
        buffer_append_text(out, "NIL");
    else if (plain)
        buffer_format(out, "\"%.*s\"", (int)text.size, text.data);
    else
        buffer_format(out, "{%zu}\r\n", text.size);
    if (text.data && !plain)
        buffer_append(out, text.data, text.size);
}

static void put_text(struct buffer *out, const char *text)
{
    sim_put_string(out, text_bytes(text));
}

/* ---- addresses ---- */

/* How far the address at the start of REST goes: to a comma outside of quotes. */
static size_t address_size(struct bytes rest)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < rest.size && (quoted || rest.data[i] != ','); i++)
        quoted = quoted != (rest.data[i] == '"');
    return i;
}

static struct bytes unquoted(struct bytes text)
{
    text = text_trim(text);
    bool quoted = text.size >= 2 && *text.data == '"' && text.data[text.size - 1] == '"';
    return quoted ? (struct bytes) { text.data + 1, text.size - 2 } : text;
}

/* "Ana <ana@contoso.com>" is ("Ana" NIL "ana" "contoso.com"). */
static void put_address(struct buffer *out, struct bytes text)
{
    const char *open = text.size ? memchr(text.data, '<', text.size) : NULL;
    struct bytes name = { 0 }, address = text_trim(text);
    if (open) {
        size_t behind = (size_t)(text.data + text.size - open) - 1;
        const char *close = memchr(open, '>', behind + 1);
        name = unquoted((struct bytes) { text.data, (size_t)(open - text.data) });
        address = (struct bytes) { open + 1, close ? (size_t)(close - open) - 1 : behind };
    }
    const char *at = address.size ? memchr(address.data, '@', address.size) : NULL;
    size_t local = at ? (size_t)(at - address.data) : address.size;
    buffer_append_text(out, "(");
    sim_put_string(out, name.size ? name : (struct bytes) { 0 });
    buffer_append_text(out, " NIL ");
    sim_put_string(out, (struct bytes) { address.data, local });
    buffer_append_text(out, " ");
    sim_put_string(out, at ? (struct bytes) { at + 1, address.size - local - 1 } : address);
    buffer_append_text(out, ")");
}

static void put_addresses(struct buffer *out, struct bytes header, const char *name)
{
    struct buffer value;
    buffer_init(&value, VALUE_LIMIT);
    bool some = sim_part_field(header, name, &value) && buffer_size(&value);
    struct bytes rest = buffer_bytes(&value);
    buffer_append_text(out, some ? "(" : "NIL");
    while (some && rest.size) {
        size_t size = address_size(rest);
        put_address(out, (struct bytes) { rest.data, size });
        size += size < rest.size;
        rest.data += size;
        rest.size -= size;
    }
    if (some)
        buffer_append_text(out, ")");
    buffer_done(&value);
}

static void put_field(struct buffer *out, struct bytes header, const char *name)
{
    struct buffer value;
    buffer_init(&value, VALUE_LIMIT);
    bool there = sim_part_field(header, name, &value);
    struct bytes text = buffer_bytes(&value);
    if (there && !text.size)
        buffer_append_text(out, "\"\"");
    else
        sim_put_string(out, there ? text : (struct bytes) { 0 });
    buffer_done(&value);
}

/* Sender and Reply-To are From where they are not said. */
void sim_put_envelope(struct buffer *out, struct bytes header)
{
    static const char *const fields[] = { "From", "Sender", "Reply-To", "To", "Cc", "Bcc" };
    struct buffer value;
    buffer_append_text(out, "(");
    put_field(out, header, "Date");
    buffer_append_text(out, " ");
    put_field(out, header, "Subject");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        buffer_init(&value, VALUE_LIMIT);
        bool said = (i != 1 && i != 2) || sim_part_field(header, fields[i], &value);
        buffer_append_text(out, " ");
        put_addresses(out, header, said ? fields[i] : "From");
        buffer_done(&value);
    }
    buffer_append_text(out, " ");
    put_field(out, header, "In-Reply-To");
    buffer_append_text(out, " ");
    put_field(out, header, "Message-ID");
    buffer_append_text(out, ")");
}

/* ---- structure ---- */

static size_t count_lines(struct bytes body)
{
    struct bytes line;
    size_t lines = 0;
    while (text_next_line(&body, &line))
        lines++;
    return lines;
}

static void put_encoding(struct buffer *out, const struct sim_part *part)
{
    struct buffer value;
    buffer_init(&value, VALUE_LIMIT);
    bool said = sim_part_field(part->header, "Content-Transfer-Encoding", &value);
    if (said && buffer_size(&value))
        sim_put_string(out, buffer_bytes(&value));
    else
        put_text(out, "7bit");
    buffer_done(&value);
}

static void put_leaf(struct buffer *out, const struct sim_part *part, const char *type,
                     const char *subtype, int depth)
{
    bool text = strcmp(type, "text") == 0;
    struct sim_part inner;
    bool message = strcmp(type, "message") == 0 && sim_part_message(part, &inner);
    buffer_append_text(out, "(");
    put_text(out, type);
    buffer_append_text(out, " ");
    put_text(out, subtype);
    buffer_append_text(out, text ? " (\"charset\" \"us-ascii\") NIL NIL " : " NIL NIL NIL ");
    put_encoding(out, part);
    buffer_format(out, " %zu", part->body.size);
    if (message) {
        buffer_append_text(out, " ");
        sim_put_envelope(out, inner.header);
        buffer_append_text(out, " ");
        sim_put_structure(out, &inner, depth + 1);
    }
    if (text || message)
        buffer_format(out, " %zu", count_lines(part->body));
    buffer_append_text(out, ")");
}

void sim_put_structure(struct buffer *out, const struct sim_part *part, int depth)
{
    char type[SIM_WORD_SIZE], subtype[SIM_WORD_SIZE];
    struct sim_part child;
    sim_part_type(part, type, subtype);
    bool multipart =
        strcmp(type, "multipart") == 0 && depth < DEEPEST && sim_part_child(part, 1, &child);
    if (!multipart) {
        /* What is too deep, or has no parts, is bytes. */
        bool plain = strcmp(type, "multipart") != 0 && depth < DEEPEST;
        put_leaf(out, part, plain ? type : "application", plain ? subtype : "octet-stream", depth);
        return;
    }
    buffer_append_text(out, "(");
    for (size_t i = 1; i <= MOST_CHILDREN && sim_part_child(part, i, &child); i++)
        sim_put_structure(out, &child, depth + 1);
    buffer_append_text(out, " ");
    put_text(out, subtype);
    buffer_append_text(out, ")");
}
