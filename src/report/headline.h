/* What could not be done, or that all is well, in the words that every report for people uses. All
 * of it is raw: a report escapes what it shows. */
#ifndef REPORT_HEADLINE_H
#define REPORT_HEADLINE_H

#include "report/page.h"
#include "result/result.h"

enum tone { TONE_GOOD, TONE_DOUBT, TONE_BAD };

/* Appends the one line that stands first: "CANNOT SEND. Reading: way open, login not tested." */
enum tone headline_make(struct buffer *line, const struct result *result);

/* Does HEADLINE name the target already, or the line below it? */
bool headline_names_target(const struct result *result, const char *headline);

/* Which logins were proven, and the message where one was; and of a need whose login was not, how
 * far it came. For a run in which one of them was accepted. */
void headline_logins(struct buffer *line, const struct result *result);

/* A password that another run saw refused was not sent: until when, and how to send it anyway.
 * RET_SAID is what the server said then, unless the cause's evidence shows it, and borrowed. False
 * when none was held back. */
bool headline_held_back(struct buffer *line, const struct result *result, struct bytes *ret_said);

#endif
