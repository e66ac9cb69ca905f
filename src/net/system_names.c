#include "net/system_names.h"

#include "base/memory.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESS_LIMIT = 64, ADDRESS_SIZE = 64 };

/* What the thread and the loop share. Whoever lets go last frees it. */
struct job {
    atomic_int holders;
    int done; /* the thread's end of the pair */
    int family;
    char *name;
    /* the thread writes these, before it says so on DONE */
    struct failure failure;
    char texts[ADDRESS_LIMIT][ADDRESS_SIZE];
    size_t count;
};

struct system_names {
    struct job *job;
    int fd;
    struct loop_watch *watch;
    system_names_function *function;
    void *arg;
    const char *addresses[ADDRESS_LIMIT];
};

static void let_go(struct job *job)
{
    if (atomic_fetch_sub(&job->holders, 1) > 1)
        return;
    close(job->done);
    free(job->name);
    free(job);
}

/* ---- the thread ---- */

/* gai_strerror() has one word for several causes; EAI_AGAIN stands for silence, SERVFAIL and
 * REFUSED alike. */
static struct failure failure_of(int code)
{
    switch (code) {
    case EAI_NONAME:
        return failure_make(FAILURE_HOST_NOT_FOUND, "%s", gai_strerror(code));
#ifdef EAI_NODATA
    case EAI_NODATA:
        return failure_make(FAILURE_NO_ADDRESS, "%s", gai_strerror(code));
#endif
    case EAI_AGAIN:
        return failure_make(FAILURE_SERVER_FAILURE, "%s", gai_strerror(code));
    default:
        return failure_make(FAILURE_SYSTEM, "%s", gai_strerror(code));
    }
}

static void keep(struct job *job, const struct addrinfo *info)
{
    char *text = job->texts[job->count];
    if (getnameinfo(info->ai_addr, info->ai_addrlen, text, ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST))
        return;
    for (size_t i = 0; i < job->count; i++)
        if (strcmp(job->texts[i], text) == 0)
            return;
    job->count++;
}

static void *ask(void *arg)
{
    struct job *job = arg;
    struct addrinfo *list = NULL;
    const struct addrinfo hints = {
        .ai_family = job->family == 4   ? AF_INET
                     : job->family == 6 ? AF_INET6
                                        : AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    int code = getaddrinfo(job->name, NULL, &hints, &list);
    if (code)
        job->failure = failure_of(code);
    for (const struct addrinfo *i = list; i && job->count < ADDRESS_LIMIT; i = i->ai_next)
        keep(job, i);
    if (list)
        freeaddrinfo(list);
    /* Nobody may listen any more. */
    (void)!send(job->done, "", 1, MSG_NOSIGNAL);
    let_go(job);
    return NULL;
}

/* Signals are the loop's. */
static bool start_thread(struct job *job)
{
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, &attributes, ask, job) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

/* ---- the loop ---- */

static void answered(void *arg, unsigned events)
{
    struct system_names *names = arg;
    const struct job *job = names->job;
    char byte;
    (void)events;
    if (recv(names->fd, &byte, 1, MSG_DONTWAIT) != 1)
        return;
    loop_watch_stop(&names->watch);
    for (size_t i = 0; i < job->count; i++)
        names->addresses[i] = job->texts[i];
    const struct system_answer answer = {
        .failure = job->failure,
        .addresses = names->addresses,
        .count = job->count,
    };
    names->function(names->arg, &answer);
}

struct system_names *system_names_start(struct loop *loop, const char *name, int family,
                                        system_names_function *function, void *arg)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return NULL;
    struct system_names *names = memory_new(sizeof *names);
    struct job *job = memory_new(sizeof *job);
    atomic_init(&job->holders, 2);
    job->done = ends[1];
    job->family = family;
    job->name = memory_copy(name);
    names->job = job;
    names->fd = ends[0];
    names->function = function;
    names->arg = arg;
    names->watch = loop_watch_start(loop, names->fd, LOOP_READ, answered, names);
    if (!start_thread(job)) {
        atomic_store(&job->holders, 1);
        system_names_stop(&names);
    }
    return names;
}

void system_names_stop(struct system_names **names)
{
    struct system_names *gone = *names;
    *names = NULL;
    if (!gone)
        return;
    loop_watch_stop(&gone->watch);
    close(gone->fd);
    let_go(gone->job);
    free(gone);
}
