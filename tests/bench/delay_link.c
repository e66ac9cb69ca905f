/* A link with a long way to go, for kernels without netem: two TUN devices, each in a network
 * namespace of its own, and what goes into one comes out of the other a fixed time later.
 *
 *     delay_link DELAY_US NAMESPACE DEVICE NAMESPACE DEVICE
 *
 * NAMESPACE is a file such as /proc/PID/ns/net. DELAY_US is one way: half a round trip. Prints
 * "ready" once both devices are there, and runs until it is killed; the devices go with it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_SIZE = 2048, LANE_PACKETS = 4096, NS_PER_S = 1000000000 };

struct packet {
    int64_t due_ns;
    size_t size;
    char data[PACKET_SIZE];
};

/* One direction. All packets wait equally long, so a ring in order of arrival is in order of
 * departure too. */
struct lane {
    int from, to;
    int64_t delay_ns;
    size_t first, count;
    struct packet ring[LANE_PACKETS];
};

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void depart(struct lane *lane, int64_t now)
{
    while (lane->count && lane->ring[lane->first].due_ns <= now) {
        struct packet *packet = &lane->ring[lane->first];
        /* A device that cannot take it loses it, as a line would. */
        if (write(lane->to, packet->data, packet->size) < 0 && errno == EBADF)
            give_up("write");
        lane->first = (lane->first + 1) % LANE_PACKETS;
        lane->count--;
    }
}

/* False when there is nothing more to take now. */
static int arrive(struct lane *lane)
{
    char lost[PACKET_SIZE];
    struct packet *packet = &lane->ring[(lane->first + lane->count) % LANE_PACKETS];
    char *data = lane->count < LANE_PACKETS ? packet->data : lost;
    ssize_t size = read(lane->from, data, PACKET_SIZE);
    if (size < 0 && errno != EAGAIN && errno != EINTR && errno != EIO)
        give_up("read");
    if (size > 0 && data != lost) {
        packet->size = (size_t)size;
        packet->due_ns = now_ns() + lane->delay_ns;
        lane->count++;
    }
    return size > 0;
}

static void *carry(void *arg)
{
    struct lane *lane = arg;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* wake when asked, not 50 us later */
    for (;;) {
        int64_t wait = lane->count ? lane->ring[lane->first].due_ns - now_ns() : NS_PER_S;
        if (wait < 0)
            wait = 0;
        struct timespec patience = { .tv_sec = wait / NS_PER_S, .tv_nsec = wait % NS_PER_S };
        struct pollfd input = { .fd = lane->from, .events = POLLIN };
        if (ppoll(&input, 1, &patience, NULL) > 0)
            while (arrive(lane)) {
            }
        depart(lane, now_ns());
    }
    return NULL;
}

static int open_device(const char *space, const char *name)
{
    int home = open(space, O_RDONLY | O_CLOEXEC);
    if (home < 0 || setns(home, CLONE_NEWNET) < 0)
        give_up(space);
    close(home);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
        give_up("/dev/net/tun");
    return fd;
}

int main(int argc, char **argv)
{
    static struct lane there, back;
    pthread_t other;
    char *end = NULL;
    long delay_us = argc == 6 ? strtol(argv[1], &end, 10) : -1;
    if (delay_us < 0 || *end) {
        fputs("usage: delay_link DELAY_US NAMESPACE DEVICE NAMESPACE DEVICE\n", stderr);
        return 2;
    }
    there.from = back.to = open_device(argv[2], argv[3]);
    there.to = back.from = open_device(argv[4], argv[5]);
    there.delay_ns = back.delay_ns = delay_us * 1000LL;
    puts("ready");
    fflush(stdout);
    if (pthread_create(&other, NULL, carry, &back) != 0)
        give_up("pthread_create");
    carry(&there);
}
