/* What a started simulator tells: options of `maildoctor check` to paste, as text or as JSON. */
#ifndef SIMULATE_ANNOUNCE_H
#define SIMULATE_ANNOUNCE_H

#include "base/buffer.h"
#include "simulate/simulator.h"

enum { SIM_ANNOUNCE_LIMIT = 1 << 20 };

/* Appended to OUT, with a line end. */
void sim_announce_text(struct buffer *out, const struct sim_facts *facts);
void sim_announce_json(struct buffer *out, const struct sim_facts *facts);

/* The scenarios there are. */
void sim_list_text(struct buffer *out);
void sim_list_json(struct buffer *out);

#endif
