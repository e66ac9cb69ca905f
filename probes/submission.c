#include "probes/submission.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LOCAL_LIMIT = 255 };

/* ---- addresses ---- */

static bool is_atom(unsigned char c)
{
    return c >= 0x80 || (c > ' ' && c < 0x7f && !strchr("()<>[]:;@\\,\".", c));
}

/* RFC 5321 section 4.1.2: atoms with single dots between them. */
static bool is_dot_string(struct bytes local)
{
    bool after_dot = true;
    for (size_t i = 0; i < local.size; i++) {
        bool dot = local.data[i] == '.';
        if (dot ? after_dot : !is_atom((unsigned char)local.data[i]))
            return false;
        after_dot = dot;
    }
    return !after_dot;
}

static bool is_quoted_string(struct bytes local)
{
    if (local.size < 2 || local.data[0] != '"' || local.data[local.size - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < local.size; i++) {
        unsigned char c = (unsigned char)local.data[i];
        if (c == '\\' && i + 2 < local.size)
            c = (unsigned char)local.data[++i];
        else if (c == '"' || c == '\\')
            return false;
        if (c < ' ' || c == 0x7f)
            return false;
    }
    return true;
}

bool submission_is_address(const char *address)
{
    const char *at = strrchr(address, '@');
    struct bytes local = { address, at ? (size_t)(at - address) : 0 };
    if (!local.size || local.size > LOCAL_LIMIT || !at[1] || !text_is_utf8(text_bytes(address)))
        return false;
    return is_dot_string(local) || is_quoted_string(local);
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

bool submission_needs_utf8(const struct submission *s)
{
    return !is_ascii(s->from) || !is_ascii(s->to);
}

/* ---- the message ---- */

/* RFC 5322 section 3.3, always in UTC; the names of days and months are the protocol's, whatever
 * the locale. */
static void write_date(struct buffer *out, const char *name, int64_t now_s)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] =
                                                            "JanFebMarAprMayJunJulAugSepOctNov"
                                                            "Dec";
    struct tm tm = { 0 };
    time_t now = (time_t)now_s;
    gmtime_r(&now, &tm);
    buffer_format(out, "%s: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n", name,
                  days + (size_t)tm.tm_wday * 3, tm.tm_mday, months + (size_t)tm.tm_mon * 3,
                  tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void submission_write(const struct submission *s, struct buffer *out)
{
    bool utf8 = submission_needs_utf8(s); /* RFC 6532: then headers are UTF-8 as they stand */
    write_date(out, "Date", s->now_s);
    buffer_format(out, "From: <%s>\r\nTo: <%s>\r\n", s->from, s->to);
    buffer_format(out, "Subject: maildoctor test message %s\r\n", s->run_id);
    buffer_format(out, "Message-ID: <%s>\r\n", s->message_id);
    /* RFC 3834 section 5: nobody's holiday notice shall answer it. */
    buffer_append_text(out, "Auto-Submitted: auto-generated\r\n");
    buffer_format(out, "X-Maildoctor: %s; run=%s\r\n", s->tool, s->run_id);
    buffer_format(out,
                  "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=%s\r\n"
                  "Content-Transfer-Encoding: %s\r\n\r\n",
                  utf8 ? "utf-8" : "us-ascii", utf8 ? "8bit" : "7bit");
    buffer_format(out,
                  "This is a test message of the program maildoctor. Somebody who may sign in\r\n"
                  "as its sender had it sent, to see whether mail can be submitted.\r\n\r\n"
                  "Nothing needs to be done about it, and it can be deleted.\r\n\r\n"
                  "Run: %s\r\n",
                  s->run_id);
}

void submission_stuff(struct bytes message, struct buffer *out)
{
    struct bytes line;
    while (text_next_line(&message, &line)) {
        if (line.size && line.data[0] == '.')
            buffer_append_text(out, ".");
        buffer_append(out, line.data, line.size);
        buffer_append_text(out, "\r\n");
    }
    buffer_append_text(out, ".\r\n");
}
