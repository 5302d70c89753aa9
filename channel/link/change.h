/* Changes of the account from an enrolled device: sign the next entry of the log and have the broker
 * take it, again on top of what came first when someone else was faster. Loop thread only. */
#pragma once

#include "channel/link/link.h"

enum { CHANNEL_CHANGE_TRIES = 4 };

/* done comes exactly once, from the loop; code 0 = the broker took it and this device's log holds it.
 * Each returns 0, or -1 when out of memory or not online (done is then not called). */
int channel_change_add(
    struct channel_link *link, const struct channel_device *device, channel_link_done_fn *done, void *user);
int channel_change_revoke(
    struct channel_link *link, const uint8_t device[static 16], channel_link_done_fn *done, void *user);
int channel_change_rename(struct channel_link *link, const uint8_t device[static 16], const char *name,
    channel_link_done_fn *done, void *user);
