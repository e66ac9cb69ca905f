/* How an explanation of pasted words is shown. */
#ifndef REPORT_EXPLANATION_H
#define REPORT_EXPLANATION_H

#include "base/buffer.h"
#include "report/report.h"
#include "result/explanation.h"

/* For people: one block after the other, at most REPORT_WIDTH columns wide; commands are not
 * wrapped. FIRST: nothing was written before it. */
void explanation_text(struct buffer *out, const struct explanation *explanation,
                      const struct report_options *options, bool first);

/* Parts of one JSON document (docs/schema/explanation-1.json): a head, each explanation, a tail.
 */
void explanation_json_begin(struct buffer *out, const char *catalogue_date);
void explanation_json(struct buffer *out, const struct explanation *explanation,
                      const struct report_options *options, bool first);
void explanation_json_end(struct buffer *out);

/* What each class reads like in a line of NDJSON, made once. {0} is an empty one. */
struct explanation_tails {
    struct bytes *items;
    size_t count;
    bool ascii;
};
void explanation_tails_done(struct explanation_tails *tails);

/* One line of NDJSON. */
void explanation_ndjson(struct buffer *out, const struct explanation *explanation,
                        struct explanation_tails *tails);

#endif
