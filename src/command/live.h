/* The progress of a run, live on standard error, where that is a terminal. */
#ifndef COMMAND_LIVE_H
#define COMMAND_LIVE_H

#include "engine/run.h"

struct live;

/* Draws until live_stop(). NULL, which is legal everywhere, where nobody is there to look. All is
 * borrowed. */
struct live *live_start(struct loop *loop, const struct run *run, const struct trace *trace,
                        bool ascii);
/* Takes the drawing off the screen. */
void live_stop(struct live **live);

#endif
