/* Which passwords were refused lately, on disk: so that a check run again and again cannot lock an
 * account.
 *
 * A file of the state directory, mode 0600, holds a salt and, for each refusal of the last 30
 * minutes, a PBKDF2 tag of user and password, the time, and who said what. The password cannot
 * be read back from it. A directory that cannot be written only means that nothing is remembered.
 */
#ifndef ENGINE_GATE_MEMORY_H
#define ENGINE_GATE_MEMORY_H

#include "base/buffer.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stdint.h>

enum { GATE_MEMORY_SECONDS = 30 * 60 };

/* Makes DIR with all above it, for its owner alone. */
void gate_memory_make_directory(const char *dir);

/* Was PASSWORD refused for USER within the last 30 minutes of NOW_S (Unix seconds)? Then appends
 * the words of that refusal to RET_REPLY (none when the answer was never seen) and says in
 * *RET_HOST whose they are; release it with free(). */
bool gate_memory_find(const char *dir, const char *user, const struct secret *password,
                      int64_t now_s, char **ret_host, struct buffer *ret_reply);

/* Remembers that HOST refused it just now. False when it could not be written. */
bool gate_memory_add(const char *dir, const char *user, const struct secret *password,
                     int64_t now_s, const char *host, struct bytes reply);

/* Forgets it: the password was accepted after all. */
void gate_memory_remove(const char *dir, const char *user, const struct secret *password,
                        int64_t now_s);

#endif
