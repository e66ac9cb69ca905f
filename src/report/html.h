/* The parts of the HTML report, and the one way by which a text gets into it. Private to
 * report/html*.c.
 *
 * The page is one file: no script, no picture from elsewhere, no link that leads out, and a policy
 * that forbids what is not there. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "result/result.h"

struct html {
    struct buffer *out;
    const struct result *result;
    bool ascii; /* whatever is no ASCII becomes a character reference */
    int ids;    /* of the drawings so far: each names its title and description */
};

/* Appends what may be shown of TEXT: what cannot be printed as \xHH, and what HTML would read as
 * markup as character references, so that it is the same text in an element and in an attribute.
 * Every text goes through here, ours too. */
void html_text(const struct html *html, struct bytes text);

/* Appends MARKUP, in which %s is the next argument through html_text() (NULL: nothing), %d a number
 * %f a number with two digits and %% a percent sign. No other conversion. */
void html_put(const struct html *html, const char *markup, ...)
    __attribute__((format(printf, 2, 3)));

/* What was built up in LINE, shown in an element: "<p>...</p>". Ends LINE. Nothing when it is
 * empty. */
void html_line(const struct html *html, const char *open, struct buffer *line, const char *close);

/* A list of steps; one that holds one of COMMANDS stands alone, so that it can be copied. */
void html_steps(const struct html *html, const struct strings *steps,
                const struct strings *commands);
void html_commands(const struct html *html, const struct strings *commands);

/* Words of a server, as they were said. Of very many only the first LIMIT bytes, and how many more
 * there are. */
void html_words(const struct html *html, struct bytes words, size_t limit);

/* What FINDING rests on, the first LIMIT pieces of it: who said it, once for what follows from the
 * same place, and up to WORDS bytes of what was said. */
void html_evidence(const struct html *html, const struct finding *finding, int limit, size_t words);

/* One word for how a thing went, with a sign that needs no colour: "failed". */
void html_mark(const struct html *html, enum status status, const char *word);

/* Each finding, folded. */
void html_finding_list(const struct html *html);

/* ---- the parts, in order ---- */

void html_verdict(const struct html *html); /* what is wrong, who mends it, what says so */
void html_changes(const struct html *html, const struct result *baseline); /* NULL: nothing */
void html_ways(struct html *html);  /* how far it came; the paths that were walked */
void html_ports(struct html *html); /* a row per endpoint, with its phases drawn */
/* The account that the test message went to, where that is another: its ports and findings. */
void html_recipient(struct html *html);
void html_certificates(const struct html *html);
void html_findings(const struct html *html); /* all, with evidence; what else it could be */
void html_facts(const struct html *html);    /* from where, when, what was not tested */
void html_detail(const struct html *html);   /* folded: lookups, steps, dialogues */

/* The style sheet, line by line, ended by NULL; and the source expression (CSP) that admits it. */
extern const char *const html_style[];
extern const char html_style_hash[];

#endif
