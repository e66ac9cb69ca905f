/* What keeps a process that runs many checks from walking paths too often: routers answer seldom,
 * and unanswered probes would look like a filter. One walk at a time in the whole process, and each
 * address and port at most once an hour. The owner of the runs makes one, and hands it to each of
 * them (run_options.path_limits). */
#ifndef ENGINE_PATH_LIMITS_H
#define ENGINE_PATH_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

struct path_limits;

struct path_limits *path_limits_new(void);
/* No run may use it any more. NULL is legal. */
void path_limits_free(struct path_limits *limits);

/* May ADDRESS be walked on PORT at NOW_NS (monotonic)? Then it counts as walked. LIMITS NULL: yes.
 */
bool path_limits_take(struct path_limits *limits, const char *address, int port, int64_t now_ns);

/* May a walk begin? False while another one is under way: ask again later. After true
 * path_limits_leave() is due. LIMITS NULL: yes. */
bool path_limits_enter(struct path_limits *limits);
void path_limits_leave(struct path_limits *limits);

#endif
