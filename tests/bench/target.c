#include "tests/bench/target.h"

#include "tests/bench/run.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Words of the header, each 32 bits, big-endian. */
enum {
    XWD_HEADER_SIZE = 0,
    XWD_WIDTH = 4,
    XWD_HEIGHT = 5,
    XWD_BITS_PER_PIXEL = 11,
    XWD_LINE_BYTES = 12,
    XWD_COLOURS = 19,
    XWD_WORDS = 25
};
#define XWD_COLOUR_BYTES 12u

int target_map(const char *path, struct picture *out_picture)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0 || st.st_size < XWD_WORDS * 4) {
        close(fd);
        return -1;
    }
    const size_t len = (size_t)st.st_size;
    const uint32_t *words = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (words == MAP_FAILED)
        return -1;
    const size_t start =
        (size_t)ntohl(words[XWD_HEADER_SIZE]) + (size_t)ntohl(words[XWD_COLOURS]) * XWD_COLOUR_BYTES;
    const uint32_t line = ntohl(words[XWD_LINE_BYTES]);
    if (ntohl(words[XWD_WIDTH]) != BENCH_W || ntohl(words[XWD_HEIGHT]) != BENCH_H ||
        ntohl(words[XWD_BITS_PER_PIXEL]) != 32 || line < BENCH_W * 4 || line % 4 != 0 || start % 4 != 0 ||
        start > len || (size_t)line * BENCH_H > len - start)
        return -1;
    *out_picture = (struct picture){words + start / 4, (int32_t)(line / 4)};
    return 0;
}
