/* Messages of a hostile broker to a link that is online: u16 length, then FromBroker bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/viewer/link_room.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct link_room room;
    static bool open;
    if (!open) {
        /* One home for all inputs: making keys and files costs a thousand times a message. */
        open = link_room_open(&room) == 0;
        if (!open) {
            abort();
        }
    }
    room.link->state = CHANNEL_LINK_ONLINE;
    room.link->failures = 0;
    while (size >= 2) {
        size_t len = (size_t)data[0] << 8 | data[1];
        data += 2;
        size -= 2;
        len = len < size ? len : size;
        link_receive(room.link, data, len);
        data += len;
        size -= len;
    }
    if (channel_log_count(channel_home_log(room.home)) != 2) {
        abort(); /* an entry without the root's signature was believed */
    }
    return 0;
}
