/* bench_link: two network namespaces joined by a link of a given rate, delay, queue and loss, in user space
 * (kernels without netem): one TUN device in each, packets pass through a shaper a direction. Prints
 * "ready" when both devices exist; whoever started it gives them addresses. Ends on SIGTERM. */
#include "tests/bench/run.h"
#include "tests/bench/shaper.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PACKET_MAX 2048u
/* What can be under way in one direction: rate times delay plus the queue of the largest link here
 * (100 Mbit/s, 150 ms, 1.25 MB) in packets of 1500 bytes, and as many small ones. */
#define PACKETS_MAX 8192u

struct packet {
    uint64_t leave_us;
    uint32_t len;
    unsigned char bytes[PACKET_MAX];
};

struct direction {
    int from, to;
    struct shaper shaper;
    struct packet *ring; /* PACKETS_MAX */
    uint32_t first, count;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static int tun_in(const char *space, const char *name)
{
    char path[256];
    if ((size_t)snprintf(path, sizeof path, "/run/netns/%s", space) >= sizeof path)
        return -1;
    const int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) {
        perror(path);
        return -1;
    }
    close(ns);
    const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        perror("/dev/net/tun");
        return -1;
    }
    return fd;
}

static void take_in(struct direction *d)
{
    for (;;) {
        struct packet *p = &d->ring[(d->first + d->count) % PACKETS_MAX];
        const ssize_t len = read(d->from, p->bytes, sizeof p->bytes);
        if (len <= 0)
            return;
        p->len = (uint32_t)len;
        if (shaper_take(&d->shaper, p->len, bench_now_us(), &p->leave_us) && d->count < PACKETS_MAX - 1)
            d->count++;
    }
}

/* Send what is due; the time of the next, or UINT64_MAX. */
static uint64_t let_out(struct direction *d)
{
    while (d->count > 0) {
        const struct packet *p = &d->ring[d->first];
        if (p->leave_us > bench_now_us())
            return p->leave_us;
        if (write(d->to, p->bytes, p->len) < 0 && errno != EAGAIN)
            d->shaper.dropped++;
        d->first = (d->first + 1) % PACKETS_MAX;
        d->count--;
    }
    return UINT64_MAX;
}

static void relay(struct direction pair[2])
{
    struct pollfd fds[2] = {{pair[0].from, POLLIN, 0}, {pair[1].from, POLLIN, 0}};
    while (!stopped) {
        const uint64_t a = let_out(&pair[0]), b = let_out(&pair[1]), next = a < b ? a : b,
                       now = bench_now_us();
        struct timespec wait = {1, 0};
        if (next != UINT64_MAX) {
            const uint64_t left = next > now ? next - now : 0;
            wait = (struct timespec){(time_t)(left / 1000000u), (long)(left % 1000000u) * 1000};
        }
        if (ppoll(fds, 2, &wait, NULL) < 0 && errno != EINTR)
            return;
        take_in(&pair[0]);
        take_in(&pair[1]);
    }
}

static void usage(void)
{
    fputs("usage: bench_link --a NAMESPACE --b NAMESPACE --device NAME [--rate-kbit N] [--delay-ms N] "
          "[--queue-bytes N] [--loss-ppm N]\n"
          "  rate, queue and loss hold in each direction; the delay is the round trip's\n",
        stderr);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"a", 1, NULL, 'a'}, {"b", 1, NULL, 'b'},
        {"device", 1, NULL, 'n'}, {"rate-kbit", 1, NULL, 'r'}, {"delay-ms", 1, NULL, 'd'},
        {"queue-bytes", 1, NULL, 'q'}, {"loss-ppm", 1, NULL, 'l'}, {NULL, 0, NULL, 0}};
    const char *a = NULL, *b = NULL, *device = NULL;
    struct shaper_config config = {.queue_bytes = 1u << 20};
    for (int opt; (opt = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        const unsigned long n = optarg ? strtoul(optarg, NULL, 10) : 0;
        switch (opt) {
        case 'a':
            a = optarg;
            break;
        case 'b':
            b = optarg;
            break;
        case 'n':
            device = optarg;
            break;
        case 'r':
            config.rate_bps = (uint64_t)n * 1000u;
            break;
        case 'd':
            config.delay_us = (uint32_t)(n * 500u);
            break;
        case 'q':
            config.queue_bytes = (uint32_t)n;
            break;
        case 'l':
            config.loss_ppm = (uint32_t)n;
            break;
        default:
            usage();
            return 2;
        }
    }
    if (!a || !b || !device || optind != argc) {
        usage();
        return 2;
    }
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_TIMERSLACK, 1000); /* 1 µs: the delay is what was asked for */

    struct direction pair[2] = {0};
    const int fd_a = tun_in(a, device), fd_b = tun_in(b, device);
    if (fd_a < 0 || fd_b < 0)
        return 1;
    for (uint32_t i = 0; i < 2; i++) {
        pair[i].from = i == 0 ? fd_a : fd_b;
        pair[i].to = i == 0 ? fd_b : fd_a;
        pair[i].ring = calloc(PACKETS_MAX, sizeof *pair[i].ring);
        if (!pair[i].ring)
            return 1;
        shaper_init(&pair[i].shaper, &config, i + 1);
    }
    puts("ready");
    fflush(stdout);
    relay(pair);
    printf("dropped %llu %llu lost %llu %llu\n", (unsigned long long)pair[0].shaper.dropped,
        (unsigned long long)pair[1].shaper.dropped, (unsigned long long)pair[0].shaper.lost,
        (unsigned long long)pair[1].shaper.lost);
    return 0;
}
