#include "probes/exercise_message.h"

#include <stdio.h>
#include <time.h>

enum { DAY_S = 24 * 60 * 60, DATE_SIZE = 40, WORD_AT = EXERCISE_ID_SIZE - 1 - 8 };

static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* RFC 5322 section 3.3, in UTC. */
static const char *date_header(int64_t at_s, char out[static DATE_SIZE])
{
    time_t at = (time_t)at_s;
    struct tm tm;
    gmtime_r(&at, &tm);
    snprintf(out, DATE_SIZE, "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return out;
}

/* RFC 3501 section 9: date-text. */
static const char *date_text(int64_t at_s, char out[static DATE_SIZE])
{
    time_t at = (time_t)at_s;
    struct tm tm;
    gmtime_r(&at, &tm);
    snprintf(out, DATE_SIZE, "%d-%s-%d", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900);
    return out;
}

const char *exercise_message(struct exercise_imap *x)
{
    char date[DATE_SIZE];
    return arena_format(&x->arena,
                        "Date: %s\r\n"
                        "From: maildoctor <maildoctor@maildoctor.invalid>\r\n"
                        "To: maildoctor <maildoctor@maildoctor.invalid>\r\n"
                        "Subject: maildoctor exercise %s\r\n"
                        "Message-ID: <%s@maildoctor.invalid>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=us-ascii\r\n"
                        "\r\n"
                        "maildoctor put this message here to try what the mailbox can do, and\r\n"
                        "removes it again with the folder that it is in. zwieback%s\r\n",
                        date_header(x->now_s, date), x->id, x->id, x->id + WORD_AT);
}

const char *exercise_search(struct exercise_imap *x, enum exercise_search search)
{
    char date[DATE_SIZE];
    switch (search) {
    case EXERCISE_BY_SUBJECT:
        return arena_format(&x->arena, "SUBJECT \"maildoctor exercise %s\"", x->id);
    case EXERCISE_BY_FROM:
        return "FROM \"maildoctor@maildoctor.invalid\"";
    case EXERCISE_BY_DATE: /* by its own Date, and the day before: servers count in zones */
        return arena_format(&x->arena, "SENTSINCE %s", date_text(x->now_s - DAY_S, date));
    case EXERCISE_BY_TEXT:
        return arena_format(&x->arena, "BODY \"zwieback%s\"", x->id + WORD_AT);
    case EXERCISE_BY_HEADER:
        return arena_format(&x->arena, "HEADER Message-ID \"%s@maildoctor.invalid\"", x->id);
    case EXERCISE_BY_FLAG:
        return "FLAGGED";
    case EXERCISE_BY_NOTHING:
        return arena_format(&x->arena, "SUBJECT \"no message has this subject %s\"", x->id);
    }
    return "ALL";
}
