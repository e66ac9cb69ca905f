/* The parts of the text report. Private to report/text*.c. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "report/page.h"
#include "report/report.h"

struct text {
    struct page page;
    const struct result *result;
    const struct report_options *options;
};

/* What could not be done, or that all is well, in one line; then why, in plain words. */
void text_headline(const struct text *text);
/* The server's own words, who mends it, and how. */
void text_cause(const struct text *text);
/* The paths that were walked, each as a line. */
void text_path(const struct text *text);
/* The error that the caller reported, and how it goes with this run. */
void text_reported(const struct text *text);
/* For a run without a fault: what to compare on the device that still fails. */
void text_compare(const struct text *text);
/* What changed since the baseline, if there is one. */
void text_changes(const struct text *text);
/* A row per endpoint. */
void text_rows(const struct text *text);
/* The account that the test message went to, where that is another: what became of it, and its
 * endpoints. */
void text_recipient(const struct text *text);
/* What was tried in the mailbox. */
void text_exercise(const struct text *text);
/* What was not tested, from where, support id, class. */
void text_foot(const struct text *text);
/* -v. */
void text_detail(const struct text *text);
/* --transcript. */
void text_transcripts(const struct text *text);

/* Words of a server, line by line, escaped and wrapped behind INDENT blanks; of very many only the
 * first LIMIT bytes, and how many more there are. */
void text_words(const struct text *text, size_t indent, struct bytes words, size_t limit);

/* Numbered steps; one that holds one of COMMANDS is not wrapped: it is pasted. */
void text_steps(const struct text *text, const struct strings *steps,
                const struct strings *commands);

#endif
