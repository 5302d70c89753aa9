#include "channel/link/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "channel/link/link_internal.h"

struct change {
    struct channel_link *link;
    enum channel_log_kind kind;
    struct channel_device device; /* of REVOKE only the id, of RENAME id and name */
    channel_link_done_fn *done;
    void *user;
    int tries;
};

static int attempt(struct change *change);

static void finish(struct change *change, int code, const char *message)
{
    const struct change copy = *change;
    free(change);
    copy.done(copy.user, code, message);
}

static void fetched(void *user, int code, const char *message)
{
    struct change *change = user;
    if (code != 0) {
        finish(change, code, message);
    } else if (attempt(change) != 0) {
        finish(change, HEARTH__LINK__CODE__CODE_OFFLINE, "The connection to the broker was lost.");
    }
}

static void appended(void *user, int code, const char *message)
{
    struct change *change = user;
    if (code == HEARTH__LINK__CODE__CODE_CONFLICT && change->tries < CHANNEL_CHANGE_TRIES &&
        link_log_fetch(change->link, fetched, change) != 0) {
        return;
    }
    finish(change, code, message);
}

static uint64_t unix_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int build(const struct change *change, uint8_t *out, size_t cap)
{
    struct channel_home *home = change->link->config.home;
    const struct channel_log *log = channel_home_log(home);
    const uint8_t *signer = channel_home_device_id(home);
    if (change->kind == CHANNEL_LOG_ADD) {
        return channel_log_make_add(log, out, cap, signer, unix_ms(), &change->device);
    }
    if (change->kind == CHANNEL_LOG_REVOKE) {
        return channel_log_make_revoke(log, out, cap, signer, unix_ms(), change->device.id);
    }
    return channel_log_make_rename(log, out, cap, signer, unix_ms(), change->device.id, change->device.name);
}

/* -1: nothing was sent and the change is still the caller's. */
static int attempt(struct change *change)
{
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    uint8_t input[CHANNEL_LOG_ENTRY_MAX + 32];
    change->tries++;
    const int len = build(change, entry, sizeof entry - CHANNEL_SIGNATURE_LEN);
    if (len < 0) {
        return -1;
    }
    const int input_len = channel_log_signing_input(input, sizeof input, entry, (size_t)len);
    if (input_len < 0 ||
        channel_home_sign(change->link->config.home, entry + len, input, (size_t)input_len) != 0) {
        return -1;
    }
    const uint8_t *entries[1] = {entry};
    const size_t lens[1] = {(size_t)len + CHANNEL_SIGNATURE_LEN};
    return channel_link_append(change->link, entries, lens, 1, appended, change) != 0 ? 0 : -1;
}

static int begin(struct channel_link *link, enum channel_log_kind kind, const struct channel_device *device,
    channel_link_done_fn *done, void *user)
{
    struct change *change = calloc(1, sizeof *change);
    if (!change) {
        return -1;
    }
    *change = (struct change){.link = link, .kind = kind, .device = *device, .done = done, .user = user};
    if (attempt(change) != 0) {
        free(change);
        return -1;
    }
    return 0;
}

int channel_change_add(
    struct channel_link *link, const struct channel_device *device, channel_link_done_fn *done, void *user)
{
    return begin(link, CHANNEL_LOG_ADD, device, done, user);
}

int channel_change_revoke(
    struct channel_link *link, const uint8_t device[static 16], channel_link_done_fn *done, void *user)
{
    struct channel_device named = {0};
    memcpy(named.id, device, CHANNEL_ID_LEN);
    return begin(link, CHANNEL_LOG_REVOKE, &named, done, user);
}

int channel_change_rename(struct channel_link *link, const uint8_t device[static 16], const char *name,
    channel_link_done_fn *done, void *user)
{
    struct channel_device named = {0};
    memcpy(named.id, device, CHANNEL_ID_LEN);
    if (strlen(name) > CHANNEL_LOG_NAME_MAX) {
        return -1;
    }
    (void)snprintf(named.name, sizeof named.name, "%s", name);
    return begin(link, CHANNEL_LOG_RENAME, &named, done, user);
}
