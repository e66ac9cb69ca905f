/* IPv4 and IPv6, each as a whole. */
#ifndef REPORT_FAMILY_H
#define REPORT_FAMILY_H

#include "result/trace.h"

#include <stdbool.h>

enum { FAMILY_WORDS_SIZE = 100 };

/* One family is dead and the other lives: worth a row, since programs may wait for the dead one.
 * NUMBER is 4 or 6. False when there is nothing to say. */
bool family_words(char words[static FAMILY_WORDS_SIZE], const struct trace *trace, int number);

#endif
