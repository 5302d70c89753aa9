/* The control stream of a viewer: frames, unpacking, bounds, rights. The first byte is the size of the
 * pieces in which the rest arrives. */
#include "host/session/request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct session_inbox inbox = {0};
    struct session_frame frame;
    size_t step = (size_t)data[0] + 1;
    int got = 0;
    for (size_t at = 1; at < size && got >= 0; at += step) {
        size_t len = size - at < step ? size - at : step;
        if (session_inbox_add(&inbox, data + at, len) != SESSION_OK)
            break;
        while ((got = session_inbox_next(&inbox, &frame)) > 0) {
            Hearth__Session__ToHost *request = session_request_parse(frame.body, frame.len);
            if (request)
                (void)session_request_rights(request);
            session_request_free(request);
        }
    }
    session_inbox_finish(&inbox);
    return 0;
}
