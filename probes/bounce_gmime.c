#include "probes/bounce_gmime.h"

#include "base/buffer.h"
#include "base/text.h"

#include <gmime/gmime.h>

/* A report is three parts; a gateway may wrap it, or give its words in more than one form. Decoded
 * text is never longer than it was; line ends between
 * parts come to it. */
enum { DEPTH = 8, PARTS = 64, TEXT_LIMIT = 2 * BOUNCE_LIMIT };

struct reading {
    struct buffer status, plain, html, returned;
    int parts;
};

static void append_line(struct buffer *out, const void *data, size_t size)
{
    if (size)
        buffer_append(out, data, size);
    buffer_append_text(out, "\n");
}

/* Without its transfer encoding. */
static void append_content(struct buffer *out, GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (!content)
        return;
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, stream);
    const GByteArray *decoded = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    append_line(out, decoded->data, decoded->len);
    g_object_unref(stream);
}

static void append_header(struct buffer *out, GMimeMessagePart *part)
{
    GMimeMessage *message = g_mime_message_part_get_message(part);
    char *header = message ? g_mime_object_get_headers(GMIME_OBJECT(message), NULL) : NULL;
    if (header)
        append_line(out, header, strlen(header));
    g_free(header);
}

static void read_part(struct reading *r, GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    if (GMIME_IS_MESSAGE_PART(object)) {
        append_header(&r->returned, GMIME_MESSAGE_PART(object));
        return;
    }
    if (!GMIME_IS_PART(object))
        return;
    struct buffer *out = NULL;
    if (g_mime_content_type_is_type(type, "message", "delivery-status") ||
        g_mime_content_type_is_type(type, "message", "global-delivery-status")) /* RFC 6533 */
        out = &r->status;
    else if (g_mime_content_type_is_type(type, "text", "rfc822-headers") ||
             g_mime_content_type_is_type(type, "message", "global-headers"))
        out = &r->returned;
    else if (g_mime_content_type_is_type(type, "text", "html"))
        out = &r->html;
    else if (g_mime_content_type_is_type(type, "text", "*"))
        out = &r->plain;
    if (out)
        append_content(out, GMIME_PART(object));
}

/* Only multiparts are entered: a report inside another message is somebody's forwarded one. */
static void walk(struct reading *r, GMimeObject *object, int depth, bool in_report)
{
    if (!object || depth > DEPTH || r->parts++ >= PARTS)
        return;
    if (!GMIME_IS_MULTIPART(object)) {
        if (in_report)
            read_part(r, object);
        return;
    }
    GMimeContentType *type = g_mime_object_get_content_type(object);
    bool report = in_report || g_mime_content_type_is_type(type, "multipart", "report");
    int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));
    for (int i = 0; i < count && r->parts < PARTS; i++)
        walk(r, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1, report);
}

/* "failed" of any recipient, or no word of it at all (RFC 3464 section 2.3.3). */
static bool says_failed(struct bytes status)
{
    static const char action[] = "Action:";
    struct bytes line;
    bool said = false;
    while (text_next_line(&status, &line)) {
        if (!text_starts_fold(line, action))
            continue;
        struct bytes value = { line.data + sizeof action - 1, line.size - sizeof action + 1 };
        if (text_starts_fold(text_trim(value), "failed"))
            return true;
        said = true;
    }
    return !said;
}

/* As a part, not as a message: nothing is wanted of its own header but the type. */
static GMimeObject *parse(struct bytes message)
{
    size_t size = message.size < BOUNCE_LIMIT ? message.size : BOUNCE_LIMIT;
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(message.data, size);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeObject *object = g_mime_parser_construct_part(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return object;
}

bool bounce_read(struct arena *arena, struct bytes message, struct bounce *ret_bounce)
{
    struct reading r = { 0 };
    struct buffer *pieces[] = { &r.status, &r.plain, &r.html, &r.returned };
    size_t count = sizeof pieces / sizeof *pieces;
    *ret_bounce = (struct bounce) { 0 };
    if (!message.size)
        return false;
    for (size_t i = 0; i < count; i++)
        buffer_init(pieces[i], TEXT_LIMIT);
    g_mime_init();
    GMimeObject *object = parse(message);
    walk(&r, object, 0, false);
    if (object)
        g_object_unref(object);
    bool report = buffer_size(&r.status) > 0;
    if (report) {
        /* The marks of HTML come between the words: only where nothing says it plainly. */
        struct bytes words = buffer_bytes(buffer_size(&r.plain) ? &r.plain : &r.html);
        struct bytes returned = buffer_bytes(&r.returned);
        ret_bounce->failed = says_failed(buffer_bytes(&r.status));
        if (words.size)
            buffer_append(&r.status, words.data, words.size);
        if (returned.size)
            buffer_append(&r.status, returned.data, returned.size);
        ret_bounce->text = arena_copy_bytes(arena, buffer_bytes(&r.status));
    }
    for (size_t i = 0; i < count; i++)
        buffer_done(pieces[i]);
    return report;
}
