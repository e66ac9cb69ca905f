/* The page for people: the last results, without secrets and without scripts. */
#ifndef SERVE_STATUS_PAGE_H
#define SERVE_STATUS_PAGE_H

#include "base/buffer.h"
#include "serve/prober.h"

enum { STATUS_PAGE_ROWS = 500, STATUS_PAGE_LIMIT = 4 * 1024 * 1024 };

/* NOW_REAL_NS: of the clock. */
void status_page_append(struct buffer *out, const struct prober *prober, int64_t now_real_ns);

#endif
