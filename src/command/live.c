#include "command/live.h"

#include "base/memory.h"
#include "command/terminal.h"
#include "report/progress.h"

#include <stdlib.h>
#include <unistd.h>

enum { REDRAW_MS = 100, DRAWING_LIMIT = 1 << 20 };

struct live {
    struct loop *loop;
    const struct run *run;
    const struct trace *trace;
    struct progress progress;
    struct loop_timer *timer;
    bool ascii;
};

/* In one write, so that no half line shows. A terminal that takes no more loses a frame. */
static void show(struct buffer *drawing)
{
    struct bytes bytes = buffer_bytes(drawing);
    if (bytes.size)
        (void)!write(STDERR_FILENO, bytes.data, bytes.size);
    buffer_done(drawing);
}

static void redraw(void *arg)
{
    struct live *live = arg;
    struct buffer drawing;
    buffer_init(&drawing, DRAWING_LIMIT);
    progress_draw(&live->progress, &drawing, live->trace, run_elapsed_ns(live->run),
                  terminal_columns(STDERR_FILENO), live->ascii);
    show(&drawing);
    loop_timer_stop(&live->timer);
    live->timer = loop_timer_start(live->loop, REDRAW_MS, redraw, live);
}

struct live *live_start(struct loop *loop, const struct run *run, const struct trace *trace,
                        bool ascii)
{
    if (!terminal_can_redraw(STDERR_FILENO))
        return NULL;
    struct live *live = memory_new(sizeof *live);
    *live = (struct live) { .loop = loop, .run = run, .trace = trace, .ascii = ascii };
    live->timer = loop_timer_start(loop, REDRAW_MS, redraw, live);
    return live;
}

void live_stop(struct live **live)
{
    if (!*live)
        return;
    struct buffer drawing;
    buffer_init(&drawing, DRAWING_LIMIT);
    progress_clear(&(*live)->progress, &drawing);
    show(&drawing);
    loop_timer_stop(&(*live)->timer);
    free(*live);
    *live = NULL;
}
