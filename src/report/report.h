/* How a result is shown. Every format is one file and a pure function of the result. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/buffer.h"
#include "report/alert_limits.h"
#include "result/result.h"

struct report_options {
    bool color;                    /* ANSI colour */
    bool ascii;                    /* no character past 0x7e */
    bool verbose;                  /* -v: every endpoint's steps, every finding */
    bool transcript;               /* the redacted dialogues */
    bool fail_on_warning;          /* a warning counts as a fault */
    const struct result *baseline; /* an earlier run, to say what changed since; NULL: none */
    const struct alert_limits *warning, *critical; /* of format "nagios"; NULL: none */
    int columns; /* of the terminal that shows it; 0 unknown. Narrower than REPORT_WIDTH counts */
};

struct report_format {
    const char *name; /* "text", "json", ... */
    bool compares;    /* it has a place for what changed since a baseline */
    void (*write)(struct buffer *out, const struct result *result,
                  const struct report_options *options);
    /* The exit status where the format has a say; OWN is the result's. NULL: it has none. */
    int (*status)(const struct result *result, const struct report_options *options, int own);
    /* What is appended beside it to the file that an environment variable names; NULL: nothing. */
    void (*aside)(struct buffer *out, const struct result *result,
                  const struct report_options *options);
    const char *aside_variable;
};

/* The exit status of a command that shows RESULT so. */
int report_status(const struct report_format *format, const struct result *result,
                  const struct report_options *options);

/* NULL when no format has that name. */
const struct report_format *report_format_find(const char *name);
/* All of them, ended by a NULL name. */
extern const struct report_format report_formats[];
/* Their names, for a help text or a complaint. */
#define REPORT_FORMAT_NAMES                                                                        \
    "text, html, json, ndjson, nagios, openmetrics, junit, github, sarif, csv"

void report_text(struct buffer *out, const struct result *result,
                 const struct report_options *options);
void report_json(struct buffer *out, const struct result *result,
                 const struct report_options *options);
void report_ndjson(struct buffer *out, const struct result *result,
                   const struct report_options *options);
void report_nagios(struct buffer *out, const struct result *result,
                   const struct report_options *options);
int report_nagios_status(const struct result *result, const struct report_options *options,
                         int own);
void report_junit(struct buffer *out, const struct result *result,
                  const struct report_options *options);
void report_github(struct buffer *out, const struct result *result,
                   const struct report_options *options);
void report_github_summary(struct buffer *out, const struct result *result,
                           const struct report_options *options);
void report_sarif(struct buffer *out, const struct result *result,
                  const struct report_options *options);
void report_csv(struct buffer *out, const struct result *result,
                const struct report_options *options);
void report_openmetrics(struct buffer *out, const struct result *result,
                        const struct report_options *options);
/* Always with all that the result holds, the less asked for folded: color, verbose, transcript and
 * columns say nothing to it. */
void report_html(struct buffer *out, const struct result *result,
                 const struct report_options *options);

/* A text report is for people: never wider than this. Commands are not wrapped. */
enum { REPORT_WIDTH = 80, REPORT_WIDTH_LEAST = 40 };

#endif
