/* Why, who says so, who mends it and how: in the words that every report for people uses. All of it
 * is raw: a report escapes what it shows. */
#ifndef REPORT_CAUSE_H
#define REPORT_CAUSE_H

#include "report/page.h"
#include "result/result.h"

/* Of so many pieces of evidence and further findings a reader hears at first. */
enum { CAUSE_EVIDENCE_SHOWN = 3, CAUSE_ALSO_SHOWN = 5 };

/* Are these the server's own words, or ours about an event? The trace tells: a reply holds them.
 * ENDPOINT may be NULL. */
bool cause_is_said(const struct endpoint *endpoint, const struct evidence *evidence);

/* Is EVIDENCE worth showing: does it have words that none before it has? */
bool cause_shows(const struct finding *finding, const struct evidence *evidence);

/* Appends what stands above it: "smtp.office365.com:587 said at login:". */
void cause_source(struct buffer *line, const struct result *result, const struct finding *finding,
                  const struct evidence *evidence);

/* Would the line above B be that above A again? */
bool cause_same_source(const struct result *result, const struct finding *finding,
                       const struct evidence *a, const struct evidence *b);

/* Appends how an error that was reported was recognised: "bad-credentials (sure)". And was it shown
 * already, among the evidence of the fault? */
void cause_reported(struct buffer *line, const struct reported *reported);
bool cause_shows_reported(const struct result *result);

/* Where a message was refused: who signed in and who the message is from and to, side by side;
 * "Login  ana@example.com" and the like. False for any other cause. */
bool cause_message(struct strings *lines, struct arena *arena, const struct result *result);

/* Appends "your network team (probably)"; nothing without an owner. */
void cause_who(struct buffer *line, const struct result *result, enum owner owner,
               enum confidence confidence);

/* Does STEP hold one of COMMANDS? Then it is pasted, and not wrapped. */
bool cause_holds_command(const char *step, const struct strings *commands);

/* The commands that no step of the fix shows already; borrowed. */
void cause_commands(struct strings *rest, struct arena *arena, const struct verdict *verdict);

/* Appends a further finding as one sentence with its ports; false when it is not worth one: no
 * more than a remark, the cause itself, or told already. */
bool cause_also(struct buffer *line, const struct result *result, const struct finding *finding);

/* For a run without a fault: what to compare on the device that still fails. False otherwise. */
bool cause_compare(struct strings *steps, struct arena *arena, const struct result *result);

#endif
