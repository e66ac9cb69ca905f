/* A whole block: which of its lines tell the cause. */
#include "base/memory.h"
#include "base/text.h"
#include "diagnosis/explain_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINE_LIMIT = UNWRAP_LIMIT,
    WRAPPED_LEAST = 55, /* a shorter line was not broken for want of room */
};

struct block {
    struct explainer *explainer;
    struct judgement best;
    size_t indent;      /* of the line that is being put together */
    struct bytes last;  /* its last part */
    bool many;          /* more than one line: it may be a message with headers */
    bool ended;         /* a copy of the original message begins */
    bool login_refused; /* a server refused the login before */
};

static bool is_letter(char c)
{
    c = text_lower(c);
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- what kind of line ---- */

/* Length of a header field's name (RFC 5322 section 2.2), 0 when LINE begins with none. */
static size_t field_name(struct bytes line)
{
    size_t size = 0;
    while (size < line.size && size < 64 &&
           (is_letter(line.data[size]) || is_digit(line.data[size]) || line.data[size] == '-'))
        size++;
    return size && size < line.size && line.data[size] == ':' ? size : 0;
}

/* Fields of messages and reports that tell how a message travelled, not why it was refused. */
static bool is_travel_field(struct bytes line)
{
    static const char *const names[] = {
        "received",
        "authentication-results",
        "dkim-signature",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "to",
        "cc",
        "from",
        "sender",
        "reply-to",
        "return-path",
        "received-spf",
        "references",
        "in-reply-to",
        "thread-topic",
        "thread-index",
        "auto-submitted",
        "precedence",
        "reporting-mta",
        "arrival-date",
        "final-recipient",
        "original-recipient",
        "received-from-mta",
        "remote-mta",
        "content-type",
        "content-language",
        "content-disposition",
        "content-transfer-encoding",
        "content-description",
        "delivered-to",
        "importance",
        "user-agent",
        "last-attempt-date",
        "will-retry-until",
        "original-envelope-id",
        "list-unsubscribe",
        "dsn-gateway",
        "feedback-id",
        "action",
    };
    size_t size = field_name(line);
    if (size == 0)
        return false;
    struct bytes name = { line.data, size };
    if (text_starts_fold(name, "x-") || text_starts_fold(name, "arc-"))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == size && text_starts_fold(name, names[i]))
            return true;
    return false;
}

/* From here on it is the message that came back, not the report about it. */
static bool begins_original(struct bytes line)
{
    static const char *const marks[] = {
        "original message headers:",          "content-type: message/rfc822",
        "content-type: text/rfc822-headers",  "------ this is a copy of",
        "--- below this line is a copy of",   "----- original message -----",
        "----- message header follows -----", "message headers follow",
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (text_starts_fold(line, marks[i]))
            return true;
    return false;
}

/* Where in a program something happened is not what happened. */
static bool is_stack_frame(struct bytes line)
{
    return text_starts_fold(line, "at ") || text_starts_fold(line, "in ") ||
           text_starts_fold(line, "file \"") || text_starts_fold(line, "#");
}

static size_t indent_of(struct bytes line)
{
    size_t size = 0;
    while (size < line.size && (line.data[size] == ' ' || line.data[size] == '\t'))
        size++;
    return size;
}

/* "535-" and a further line of the same reply. */
static bool same_reply(struct bytes last, struct bytes line)
{
    if (last.size < 4 || line.size < 4)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (!is_digit(line.data[i]) || last.data[i] != line.data[i])
            return false;
    return last.data[3] == '-' && (line.data[3] == '-' || line.data[3] == ' ');
}

/* Was a sentence broken here for want of room? */
static bool is_wrapped(struct bytes last, struct bytes line)
{
    if (last.size < WRAPPED_LEAST || !line.size || !is_letter(line.data[0]))
        return false;
    char end = last.data[last.size - 1];
    if (!is_letter(end) && !is_digit(end) && end != ',')
        return false;
    size_t word = 0;
    while (word < line.size && line.data[word] != ' ')
        word++;
    return !memchr(line.data, ':', word) && !memchr(line.data, '=', word);
}

/* ---- judging ---- */

/* Is FOUND nearer to the cause than what was found before? The last refusal is what the program
 * gave up on; of a program's own words the surer, then the deeper ones; of a report the first. */
static bool is_better(const struct block *block, const struct judgement *found)
{
    const struct judgement *best = &block->best;
    if (found->weight != best->weight)
        return found->weight > best->weight;
    if (found->weight == WEIGHT_REPORT)
        return false;
    if (found->weight == WEIGHT_CLIENT)
        return found->classified.confidence >= best->classified.confidence;
    /* A server that hangs up after it refused the login refuses no more than that. */
    bool goodbye = text_starts_fold(found->words, "421") || text_starts_fold(found->words, "bye");
    return !(goodbye && block->login_refused);
}

static void judge(struct block *block, struct bytes text)
{
    struct explainer *explainer = block->explainer;
    struct judgement found = explain_words(explainer, text);
    if (found.provider && !block->best.provider)
        block->best.provider = found.provider;
    if (!found.classified.class || !is_better(block, &found))
        return;
    const struct provider *provider = found.provider ? found.provider : block->best.provider;
    block->best = found;
    block->best.provider = provider;
    block->login_refused |=
        found.weight >= WEIGHT_CODE && found.classified.class->stage == STAGE_LOGIN;
    buffer_clear(&explainer->best);
    buffer_append(&explainer->best, found.words.data, found.words.size);
}

static void finish_line(struct block *block)
{
    struct buffer *line = &block->explainer->line;
    struct bytes text = buffer_bytes(line);
    if (text.size && !(block->many && is_travel_field(text))) {
        struct buffer *all = &block->explainer->all;
        judge(block, text);
        if (buffer_size(all) + text.size < LINE_LIMIT) {
            buffer_append(all, text.data, text.size);
            buffer_append_text(all, " ");
        }
    }
    buffer_clear(line);
    block->last = (struct bytes) { NULL, 0 };
}

/* LINE is not empty. */
static void take_line(struct block *block, struct bytes line)
{
    struct buffer *whole = &block->explainer->line;
    size_t indent = indent_of(line);
    struct bytes words = text_trim(line);
    const char *joint = NULL;
    if (buffer_size(whole) && buffer_size(whole) + words.size < LINE_LIMIT) {
        if (same_reply(block->last, words))
            joint = "\n";
        else if ((indent > block->indent && !is_stack_frame(words)) ||
                 is_wrapped(block->last, words))
            joint = " ";
    }
    if (!joint) {
        finish_line(block);
        block->indent = indent;
    } else {
        buffer_append_text(whole, joint);
    }
    block->last = words;
    words.size = words.size < LINE_LIMIT ? words.size : LINE_LIMIT;
    buffer_append(whole, words.data, words.size);
}

static void walk(struct block *block, struct bytes text)
{
    struct bytes line;
    while (!block->ended && text_next_line(&text, &line)) {
        struct bytes words = text_trim(line);
        if (words.size == 0)
            finish_line(block);
        else if (block->many && block->best.classified.class && begins_original(words))
            block->ended = true;
        else
            take_line(block, line);
    }
    finish_line(block);
}

/* ---- forms of a whole ---- */

static bool holds(struct bytes text, const char *word)
{
    return text_find_fold(text, word) != NULL;
}

bool explain_is_report(struct bytes text)
{
    static const char *const marks[] = {
        "diagnostic-code:",
        "reporting-mta:",
        "multipart/report",
        "remote server returned",
        "diagnostic information for administrators",
        "delivery has failed to these recipients",
        "this is the mail system at host",
        "this message was created automatically by mail delivery software",
        "couldn't be delivered",
        "could not be delivered",
        "undeliverable:",
        "mail delivery failed",
        "<html",
        "</p>",
        "</td>",
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (holds(text, marks[i]))
            return true;
    return text_starts_fold(text, "received: ") || text_starts_fold(text, "return-path: ");
}

/* RFC 2045 section 6.7, as far as it hides words: soft line breaks and =3D, =20. In place. */
static size_t undo_quoted_printable(char *text, size_t size)
{
    size_t out = 0;
    for (size_t i = 0; i < size; i++) {
        bool more = text[i] == '=' && i + 1 < size;
        if (more && text[i + 1] == '\n') {
            i++;
        } else if (more && text[i + 1] == '\r' && i + 2 < size && text[i + 2] == '\n') {
            i += 2;
        } else if (more && i + 2 < size && strchr("23", text[i + 1]) && text[i + 1] &&
                   (is_digit(text[i + 2]) || (text[i + 2] >= 'A' && text[i + 2] <= 'F'))) {
            int low = is_digit(text[i + 2]) ? text[i + 2] - '0' : text[i + 2] - 'A' + 10;
            text[out++] = (char)((text[i + 1] - '0') * 16 + low);
            i += 2;
        } else {
            text[out++] = text[i];
        }
    }
    return out;
}

static bool is_page(struct bytes head)
{
    return holds(head, "<html") || holds(head, "</p>") || holds(head, "<br") ||
           holds(head, "</td>") || holds(head, "</div>");
}

static bool has_lines(struct bytes text)
{
    struct bytes trimmed = text_trim(text);
    return trimmed.size && memchr(trimmed.data, '\n', trimmed.size);
}

struct judgement explain_block(struct explainer *explainer, struct bytes text)
{
    struct block block = { .explainer = explainer };
    buffer_clear(&explainer->line);
    buffer_clear(&explainer->best);
    buffer_clear(&explainer->all);
    char *copy = NULL;
    block.many = has_lines(text);
    if (holds(text, "quoted-printable")) {
        copy = memory_new(text.size + 1);
        memcpy(copy, text.data, text.size);
        text = (struct bytes) { copy, undo_quoted_printable(copy, text.size) };
    }
    if (is_page(text)) {
        char *page = memory_new(text.size + 1);
        text = (struct bytes) { page, unwrap_plain(page, text.size, text) };
        free(copy);
        copy = page;
        block.many = has_lines(text);
    }
    walk(&block, text);
    /* Nothing in any line: perhaps the words were cut apart. */
    if (!block.best.classified.class && block.many)
        judge(&block, buffer_bytes(&explainer->all));
    block.best.words = buffer_bytes(&explainer->best);
    free(copy);
    return block.best;
}
