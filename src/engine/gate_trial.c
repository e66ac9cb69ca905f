#include "engine/gate_trial.h"

#include "base/crypto.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/gate_memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The file: "maildoctor-trying-1 TIME BITS". Rounds are few: no login shall wait for them, and of
 * the password eight bits are kept. */
static const char form[] = "maildoctor-trying-1 %" PRId64 " %02x\n";
enum { ROUNDS = 100, LINE_SIZE = 80 };

static char *trial_path(const char *dir, const char *user)
{
    uint8_t tag[CRYPTO_TAG_SIZE];
    crypto_derive(text_bytes(user), text_bytes("maildoctor-trying"), 1, tag);
    return memory_format("%s/trying-%02x%02x%02x%02x%02x%02x%02x%02x", dir, tag[0], tag[1], tag[2],
                         tag[3], tag[4], tag[5], tag[6], tag[7]);
}

static unsigned bits_of(const char *user, const struct secret *password)
{
    uint8_t tag[CRYPTO_TAG_SIZE];
    crypto_derive(secret_bytes(password), text_bytes(user), ROUNDS, tag);
    return tag[0];
}

/* What a killed run left: was it this password, and lately? */
static bool is_unknown(int fd, const char *user, const struct secret *password, int64_t now_s)
{
    char line[LINE_SIZE];
    int64_t at_s = 0;
    unsigned bits = 0;
    ssize_t size = pread(fd, line, sizeof line - 1, 0);
    if (size <= 0)
        return false;
    line[size] = '\0';
    if (sscanf(line, "maildoctor-trying-1 %" SCNd64 " %2x", &at_s, &bits) != 2)
        return false;
    /* A time in the future is a clock that was set back: it would never end. */
    return at_s <= now_s && now_s - at_s < GATE_MEMORY_SECONDS && bits == bits_of(user, password);
}

enum gate_trial_state gate_trial_begin(struct gate_trial *trial, const char *dir, const char *user,
                                       const struct secret *password, int64_t now_s, bool anyway)
{
    trial->fd = -1;
    if (!dir)
        return GATE_TRIAL_OURS;
    gate_memory_make_directory(dir);
    char *path = trial_path(dir, user);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    free(path);
    if (fd < 0)
        return GATE_TRIAL_OURS;
    enum gate_trial_state state = GATE_TRIAL_OURS;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        state = GATE_TRIAL_BUSY;
    else if (!anyway && is_unknown(fd, user, password, now_s))
        state = GATE_TRIAL_UNKNOWN;
    if (state == GATE_TRIAL_OURS)
        trial->fd = fd;
    else
        close(fd);
    return state;
}

void gate_trial_write(const struct gate_trial *trial, const char *user,
                      const struct secret *password, int64_t now_s)
{
    char line[LINE_SIZE];
    if (trial->fd < 0)
        return;
    int size = snprintf(line, sizeof line, form, now_s, bits_of(user, password));
    bool told = ftruncate(trial->fd, 0) == 0 && pwrite(trial->fd, line, (size_t)size, 0) == size;
    (void)told; /* a full disk: the lock still keeps others waiting */
}

/* The file stays, empty: were it removed, somebody who waits for its lock would get that of a file
 * that nobody else finds. */
void gate_trial_end(struct gate_trial *trial)
{
    if (trial->fd < 0)
        return;
    bool emptied = ftruncate(trial->fd, 0) == 0;
    (void)emptied; /* else it ends by its date */
    close(trial->fd);
    trial->fd = -1;
}
