/* A link without a broker: a home of its own that belongs to an account, a loop, and messages as if a
 * broker had sent them. For unit tests and fuzzing. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel/link/link_internal.h"

struct link_room {
    char folder[64];
    uv_loop_t loop;
    struct channel_home *home;
    struct channel_net *net;
    struct channel_link *link;
    struct channel_keys root;
    uint8_t entries[2][CHANNEL_LOG_ENTRY_MAX]; /* GENESIS, ADD of this device */
    size_t lens[2];
    unsigned changes, refusals, incoming;
};

static void link_room_state(void *user, enum channel_link_state state, const char *why)
{
    struct link_room *room = user;
    (void)why;
    room->refusals += state == CHANNEL_LINK_REFUSED;
}

static void link_room_log(void *user)
{
    ((struct link_room *)user)->changes++;
}

static void link_room_incoming(void *user, const struct channel_relay *relay)
{
    (void)relay;
    ((struct link_room *)user)->incoming++;
}

static inline int link_room_add(struct link_room *room, struct channel_log *log, size_t index, int len)
{
    const int whole =
        channel_keys_sign_entry(&room->root, room->entries[index], CHANNEL_LOG_ENTRY_MAX, (size_t)len);
    room->lens[index] = whole > 0 ? (size_t)whole : 0;
    return len > 0 && whole > 0 ? channel_log_append(log, room->entries[index], (size_t)whole) : -1;
}

static inline int link_room_open(struct link_room *room)
{
    char why[CHANNEL_HOME_WHY_MAX];
    const char *net_why = NULL;
    struct channel_device device = {.role = CHANNEL_ROLE_CLI, .rights = CHANNEL_RIGHTS_ALL, .name = "test"};
    struct channel_log *log = channel_log_create();
    memset(room, 0, sizeof *room);
    (void)snprintf(room->folder, sizeof room->folder, "/tmp/hearth-link-XXXXXX");
    if (channel_crypto_init() != 0 || !mkdtemp(room->folder) ||
        channel_home_load(room->folder, &room->home, why, sizeof why) != 0 ||
        channel_home_make_keys(room->home) != 0 || uv_loop_init(&room->loop) != 0) {
        return -1;
    }
    channel_keys_make(&room->root);
    memcpy(device.id, channel_home_device_id(room->home), CHANNEL_ID_LEN);
    memcpy(device.sign_public, channel_home_sign_public(room->home), 32);
    memcpy(device.dh_public, channel_home_dh_public(room->home), 32);
    if (link_room_add(room, log, 0,
            channel_log_make_genesis(room->entries[0], CHANNEL_LOG_ENTRY_MAX, room->root.sign_public,
                room->root.dh_public, 1)) != 0 ||
        link_room_add(room, log, 1,
            channel_log_make_add(log, room->entries[1], CHANNEL_LOG_ENTRY_MAX, NULL, 2, &device)) != 0 ||
        channel_home_save(room->home, "http://127.0.0.1:9", "test", NULL, log) != 0) {
        return -1;
    }
    channel_log_destroy(log);
    room->net = channel_net_create(&room->loop, "http://127.0.0.1:9", NULL, false, &net_why);
    const struct channel_link_config config = {
        .kind = 3,
        .os = "test",
        .home = room->home,
        .net = room->net,
        .callbacks = {.state = link_room_state, .log_changed = link_room_log, .incoming = link_room_incoming},
        .user = room,
    };
    room->link = room->net ? channel_link_create(&config) : NULL;
    if (!room->link) {
        return -1;
    }
    room->link->state = CHANNEL_LINK_ONLINE; /* as after Welcome; no socket is open */
    room->link->ping_s = 20;
    return 0;
}

static inline void link_room_gone(void *user)
{
    *(bool *)user = true;
}

static inline void link_room_close(struct link_room *room)
{
    static const char *const names[] = {"keys", "home", "log", "head", "lock"};
    bool link_gone = false, net_gone = false;
    channel_link_destroy(room->link, link_room_gone, &link_gone);
    while (!link_gone) {
        (void)uv_run(&room->loop, UV_RUN_ONCE);
    }
    channel_net_destroy(room->net, link_room_gone, &net_gone);
    while (!net_gone) {
        (void)uv_run(&room->loop, UV_RUN_ONCE);
    }
    (void)uv_run(&room->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&room->loop);
    channel_home_destroy(room->home);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", room->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(room->folder);
}
