/* What a host may write into the control stream: framing, then FromHost. The first byte says in how
 * large pieces the rest arrives. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "channel/proto/session.pb-c.h"
#include "viewer/core/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct viewer_framing framing;
    if (size == 0) {
        return 0;
    }
    const size_t piece = (size_t)data[0] + 1;
    data++;
    size--;
    viewer_framing_init(&framing);
    int got = 0;
    while (size > 0 && got >= 0) {
        size_t len = size < piece ? size : piece;
        const uint8_t *at = data;
        const uint8_t *message = NULL;
        size_t message_len = 0;
        data += len;
        size -= len;
        while ((got = viewer_framing_take(&framing, &at, &len, &message, &message_len)) == 1) {
            Hearth__Session__FromHost *parsed =
                hearth__session__from_host__unpack(NULL, message_len, message);
            if (parsed) {
                hearth__session__from_host__free_unpacked(parsed, NULL);
            }
        }
        if (got == 0 && len != 0) {
            abort(); /* bytes were left although more was asked for */
        }
    }
    viewer_framing_finish(&framing);
    return 0;
}
