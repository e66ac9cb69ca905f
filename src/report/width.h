/* How many columns text takes on a terminal, whatever the locale: a report must be the same
 * everywhere. */
#ifndef REPORT_WIDTH_H
#define REPORT_WIDTH_H

#include "base/bytes.h"

#include <stddef.h>

/* Columns of escaped text (text_escape): marks that combine take none, East Asian wide characters
 * and pictographs two. */
size_t width_columns(struct bytes text);

/* How many bytes of TEXT, whole characters, fit into COLUMNS. */
size_t width_fit(struct bytes text, size_t columns);

#endif
