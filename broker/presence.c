#include "broker/presence.h"

#include <stdlib.h>

#include "broker/link.h"

static uint64_t last_seen_ms(const struct broker_device *device)
{
    if (!device->link)
        return device->last_seen_ms;
    if (!device->link->silent)
        return broker_now_ms();
    return broker_now_ms() - (broker_now_us() - device->link->heard_us) / 1000;
}

static bool shown(const struct broker_account *account, const struct broker_device *device)
{
    const struct channel_device *known = channel_log_find(account->log, device->id);
    return known && !known->revoked && known->added_seq < account->committed;
}

/* Pack the devices first .. that are wanted, at most a chunk of them; returns malloc'd bytes. */
static uint8_t *pack(struct broker_account *account, size_t *at, bool all, bool full, size_t *out_len)
{
    enum { CHUNK = BROKER_PRESENCE_CHUNK };
    struct slot {
        Hearth__Link__DeviceState state;
        Hearth__Link__Use uses[BROKER_USES_MAX];
        Hearth__Link__Use *use_list[BROKER_USES_MAX];
    };
    size_t want = 0;
    for (size_t i = *at; i < account->device_count && want < CHUNK; i++)
        want += all || account->devices[i]->dirty;
    struct slot *slots = calloc(want ? want : 1, sizeof *slots);
    Hearth__Link__DeviceState **list = calloc(want ? want : 1, sizeof(void *));
    uint8_t *packed = NULL;
    if (!slots || !list)
        goto out;
    size_t count = 0;
    for (; *at < account->device_count && count < want; (*at)++) {
        struct broker_device *device = account->devices[*at];
        if (!all && !device->dirty)
            continue;
        if (!all)
            device->dirty = false; /* now, so that a change while this is sent is not lost */
        if (!shown(account, device))
            continue;
        struct slot *slot = &slots[count];
        hearth__link__device_state__init(&slot->state);
        slot->state.device_id = (ProtobufCBinaryData){sizeof device->id, device->id};
        slot->state.online = device->link && !device->link->silent;
        slot->state.last_seen_ms = last_seen_ms(device);
        slot->state.os = device->os;
        slot->state.version = device->version;
        slot->state.kind = (Hearth__Link__Kind)device->kind;
        for (size_t i = 0; i < device->use_count; i++) {
            hearth__link__use__init(&slot->uses[i]);
            slot->uses[i].device_id = (ProtobufCBinaryData){16, device->uses[i].device_id};
            slot->uses[i].since_ms = device->uses[i].since_ms;
            slot->uses[i].view_only = device->uses[i].view_only;
            slot->use_list[i] = &slot->uses[i];
        }
        slot->state.in_use = slot->use_list;
        slot->state.n_in_use = device->use_count;
        list[count++] = &slot->state;
    }
    if (count == 0 && !full)
        goto out;
    Hearth__Link__Presence presence = HEARTH__LINK__PRESENCE__INIT;
    presence.full = full;
    presence.n_devices = count;
    presence.devices = list;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_PRESENCE;
    message.presence = &presence;
    *out_len = hearth__link__from_broker__get_packed_size(&message);
    packed = malloc(*out_len);
    if (packed)
        hearth__link__from_broker__pack(&message, packed);
out:
    free(slots);
    free(list);
    return packed;
}

void broker_presence_send_full(struct broker_link *link)
{
    struct broker_account *account = link->account;
    size_t at = 0;
    bool full = true;
    do {
        size_t len;
        uint8_t *packed = pack(account, &at, true, full, &len);
        if (packed)
            broker_link_send_packed(link, packed, len);
        free(packed);
        full = false;
    } while (at < account->device_count && link->state == BROKER_LINK_ACTIVE);
}

static void flush_account(struct broker_account *account)
{
    size_t at = 0;
    while (at < account->device_count) {
        size_t len;
        uint8_t *packed = pack(account, &at, false, false, &len);
        if (!packed)
            break;
        struct broker_link *link = account->links;
        while (link) {
            struct broker_link *next = link->account_next;
            if (!link->presence_due) /* else it gets everything soon */
                broker_link_send_packed(link, packed, len);
            link = next;
        }
        free(packed);
    }
}

static void flush(struct broker *broker)
{
    struct broker_account *account = broker->dirty;
    broker->dirty = NULL;
    while (account) {
        struct broker_account *next = account->dirty_next;
        account->dirty = false;
        account->dirty_next = NULL;
        flush_account(account);
        broker_account_unref(account);
        account = next;
    }
}

static void on_timer(uv_timer_t *timer)
{
    flush(timer->data);
}

int broker_presence_init(struct broker *broker)
{
    broker->presence_timer.data = broker;
    return uv_timer_init(broker->loop, &broker->presence_timer);
}

void broker_presence_finish(struct broker *broker)
{
    flush(broker);
    uv_close((uv_handle_t *)&broker->presence_timer, NULL);
}

void broker_presence_mark(struct broker *broker, struct broker_account *account, struct broker_device *device)
{
    device->dirty = true;
    if (account->dirty)
        return;
    account->dirty = true;
    account->dirty_next = broker->dirty;
    broker->dirty = account;
    broker_account_ref(account);
    if (!uv_is_active((uv_handle_t *)&broker->presence_timer))
        (void)uv_timer_start(&broker->presence_timer, on_timer, BROKER_PRESENCE_GATHER_MS, 0);
}
