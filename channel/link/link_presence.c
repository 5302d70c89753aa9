/* Who is online: the table that the broker keeps up to date. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/link/link_internal.h"

static struct channel_presence *slot(struct channel_link *link, const uint8_t *id)
{
    for (size_t i = 0; i < link->presence_count; i++) {
        if (memcmp(link->presence[i].device_id, id, CHANNEL_ID_LEN) == 0) {
            return &link->presence[i];
        }
    }
    if (link->presence_count == LINK_PRESENCE_MAX) {
        return NULL;
    }
    if (link->presence_count == link->presence_cap) {
        const size_t cap = link->presence_cap ? link->presence_cap * 2 : 16;
        struct channel_presence *grown = realloc(link->presence, cap * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        link->presence = grown;
        link->presence_cap = cap;
    }
    struct channel_presence *presence = &link->presence[link->presence_count++];
    memset(presence, 0, sizeof *presence);
    memcpy(presence->device_id, id, CHANNEL_ID_LEN);
    return presence;
}

static void take_one(struct channel_presence *to, const Hearth__Link__DeviceState *from)
{
    const size_t uses_max = sizeof to->use / sizeof to->use[0];
    to->online = from->online;
    to->last_seen_ms = from->last_seen_ms;
    to->kind = (int)from->kind;
    (void)snprintf(to->os, sizeof to->os, "%s", from->os);
    (void)snprintf(to->version, sizeof to->version, "%s", from->version);
    to->use_count = 0;
    for (size_t i = 0; i < from->n_in_use && to->use_count < uses_max; i++) {
        const Hearth__Link__Use *use = from->in_use[i];
        if (link_id_ok(&use->device_id)) {
            memcpy(to->use[to->use_count].device_id, use->device_id.data, CHANNEL_ID_LEN);
            to->use[to->use_count].since_ms = use->since_ms;
            to->use[to->use_count].view_only = use->view_only;
            to->use_count++;
        }
    }
}

void link_presence_take(struct channel_link *link, const Hearth__Link__Presence *presence)
{
    if (presence->full) {
        link->presence_count = 0;
    }
    for (size_t i = 0; i < presence->n_devices; i++) {
        const Hearth__Link__DeviceState *state = presence->devices[i];
        struct channel_presence *to =
            link_id_ok(&state->device_id) ? slot(link, state->device_id.data) : NULL;
        if (to) {
            take_one(to, state);
        }
    }
    link->presence_known = true;
    if (link->config.callbacks.presence) {
        link->config.callbacks.presence(link->config.user);
    }
}

size_t channel_link_presence_count(const struct channel_link *link)
{
    return link->presence_count;
}

const struct channel_presence *channel_link_presence(const struct channel_link *link, size_t index)
{
    return index < link->presence_count ? &link->presence[index] : NULL;
}

static void send_look(struct channel_link *link)
{
    Hearth__Link__Look look = HEARTH__LINK__LOOK__INIT;
    look.on = link->look;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_LOOK;
    message.look = &look;
    (void)link_send(link, &message, NULL, NULL);
}

static void send_use(struct channel_link *link)
{
    Hearth__Link__Use uses[8];
    Hearth__Link__Use *list[8];
    for (size_t i = 0; i < link->use.use_count; i++) {
        hearth__link__use__init(&uses[i]);
        uses[i].device_id = (ProtobufCBinaryData){CHANNEL_ID_LEN, link->use.use[i].device_id};
        uses[i].since_ms = link->use.use[i].since_ms;
        uses[i].view_only = link->use.use[i].view_only;
        list[i] = &uses[i];
    }
    Hearth__Link__InUse in_use = HEARTH__LINK__IN_USE__INIT;
    in_use.n_by = link->use.use_count;
    in_use.by = list;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_IN_USE;
    message.in_use = &in_use;
    (void)link_send(link, &message, NULL, NULL);
}

void link_presence_online(struct channel_link *link)
{
    if (link->look) {
        send_look(link);
    }
    if (link->has_use) {
        send_use(link);
    }
}

void channel_link_look(struct channel_link *link, bool on)
{
    if (link->look != on) {
        link->look = on;
        send_look(link);
    }
}

void channel_link_in_use(struct channel_link *link, const struct channel_presence *use)
{
    const size_t max = sizeof use->use / sizeof use->use[0];
    link->use = *use;
    if (link->use.use_count > max) {
        link->use.use_count = max;
    }
    link->has_use = true;
    send_use(link);
}
