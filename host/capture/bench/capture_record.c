/* Records what a display shows, for codec_bench --trace: a frame each time something changed, paced, with
 * the damage as the host hands it to the encoder.
 *
 *   capture_record [--display :N] [--frames N] [--seconds S] [--rate HZ] FILE      - writes to standard
 * output
 *
 * Ends after N frames or S seconds, whichever is first. Layout: codec/bench/trace.h. */
#include "codec/bench/trace.h"
#include "host/capture/capture.h"
#include "host/screen/moves.h"
#include "host/screen/tiles.h"

#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static int fail(const char *what)
{
    fprintf(stderr, "capture_record: %s\n", what);
    return 1;
}

static void wait_for(const struct capture_source *source, uint64_t until_us)
{
    int fds[CAPTURE_MAX_FDS];
    struct pollfd polls[CAPTURE_MAX_FDS];
    const size_t count = capture_fds(source, fds);
    for (size_t i = 0; i < count; i++)
        polls[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    const uint64_t due = capture_deadline_us(source) < until_us ? capture_deadline_us(source) : until_us;
    const uint64_t now = now_us();
    (void)poll(polls, (nfds_t)count, due > now ? (int)((due - now) / 1000u + 1) : 0);
}

static int record(struct capture_source *source, FILE *out, uint32_t frames, double seconds, double rate_hz)
{
    static struct trace_frame frame;
    static struct capture_changes changes;
    struct capture_geometry size;
    struct screen_tiles dirty;
    struct screen_moves moves = {0};
    capture_geometry(source, &size);
    screen_tiles_init(&dirty, size.width_px, size.height_px);
    if (!trace_write_start(out, size.width_px, size.height_px) || capture_watch(source, true) != 0)
        return fail("cannot begin");
    const uint64_t start_us = now_us(), end_us = start_us + (uint64_t)(seconds * 1e6);
    uint64_t next_us = start_us;
    for (uint32_t n = 0; n < frames && now_us() < end_us;) {
        if (capture_dispatch(source, now_us(), &changes) != 0)
            return fail("the display is gone");
        if (n > 0 && changes.resized)
            return fail("the display changed its size");
        for (size_t i = 0; i < changes.damage_count; i++)
            screen_tiles_add(&dirty, &changes.damage[i]);
        for (size_t i = 0; i < changes.move_count; i++)
            screen_moves_add(&moves, &changes.moves[i]);
        const bool any = !screen_tiles_empty(&dirty);
        if (!any || now_us() < next_us) {
            wait_for(source, any && next_us < end_us ? next_us : end_us);
            continue;
        }
        struct codec_rect rects[SCREEN_TILES_RECTS];
        const size_t count = screen_tiles_rects(&dirty, rects);
        next_us = now_us() + (uint64_t)(1e6 / rate_hz);
        if (count > TRACE_MAX_RECTS || capture_grab(source, rects, count, NULL, NULL) != 0)
            return fail("cannot grab the picture");
        screen_tiles_clear(&dirty);
        frame.time_us = (uint32_t)(now_us() - start_us);
        frame.rect_count = (uint32_t)count;
        memcpy(frame.rect, rects, count * sizeof *rects);
        frame.move_count = (uint32_t)moves.count;
        memcpy(frame.move, moves.move, moves.count * sizeof moves.move[0]);
        screen_moves_clear(&moves);
        size_t stride = 0;
        const uint32_t *px = capture_pixels(source, &stride);
        if (!trace_write_frame(out, &frame, px, stride))
            return fail("cannot write");
        n++;
    }
    return fflush(out) == 0 ? 0 : fail("cannot write");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"display", required_argument, NULL, 'd'},
        {"frames", required_argument, NULL, 'n'}, {"seconds", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
    const char *display = NULL;
    unsigned frames = 600;
    double seconds = 60, rate_hz = 60;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'd')
            display = optarg;
        else if (c != 'n' && c != 's' && c != 'r')
            return 2;
        else if (c == 'n' ? sscanf(optarg, "%u", &frames) != 1
                          : sscanf(optarg, "%lf", c == 's' ? &seconds : &rate_hz) != 1 ||
                                !(seconds > 0 && seconds < 1e6 && rate_hz >= 1 && rate_hz <= 1000))
            return 2;
    }
    if (optind + 1 != argc)
        return fail("name one file to write, or -");
    struct capture_problem problem;
    struct capture_source *source = capture_x11_open(display, &problem);
    if (!source)
        return fail(problem.text);
    FILE *out = strcmp(argv[optind], "-") == 0 ? stdout : fopen(argv[optind], "wb");
    const int result = out ? record(source, out, frames, seconds, rate_hz) : fail("cannot write the file");
    capture_close(source);
    if (out && out != stdout && fclose(out) != 0)
        return fail("cannot write");
    return result;
}
