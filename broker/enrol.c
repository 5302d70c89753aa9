#include "broker/enrol.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/link.h"

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct enrolment {
    struct broker_map_node by_handle;
    struct broker_map_node by_locator;
    uint64_t handle;
    uint64_t pc, approver; /* numbers of links; approver 0 = not found yet */
    uint64_t expires_us;
    unsigned messages;
    bool locator_live;
};

static void locator_key(uint8_t key[static BROKER_MAP_KEY_LEN], const char *locator)
{
    memset(key, 0, BROKER_MAP_KEY_LEN);
    memcpy(key, locator, BROKER_LOCATOR_LEN);
}

static struct enrolment *find(struct broker *broker, uint64_t handle)
{
    uint8_t key[BROKER_MAP_KEY_LEN];
    broker_map_key_u64(key, handle);
    struct broker_map_node *node = broker_map_find(&broker->enrolments, key);
    return node ? BROKER_MAP_ENTRY(node, struct enrolment, by_handle) : NULL;
}

static void spend_locator(struct broker *broker, struct enrolment *enrolment)
{
    if (enrolment->locator_live)
        broker_map_remove(&broker->locators, &enrolment->by_locator);
    enrolment->locator_live = false;
}

static void send_message(struct broker_link *link, uint64_t handle, ProtobufCBinaryData data, bool end)
{
    Hearth__Link__EnrollMessage body = HEARTH__LINK__ENROLL_MESSAGE__INIT;
    body.handle = handle;
    body.data = data;
    body.end = end;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_ENROLL_MESSAGE;
    message.enroll_message = &body;
    broker_link_send(link, &message);
}

/* End it and tell whoever is still there, but for the link that ended it. */
static void drop(struct broker *broker, struct enrolment *enrolment, uint64_t ended_by)
{
    uint64_t sides[2] = {enrolment->pc, enrolment->approver};
    uint64_t handle = enrolment->handle;
    spend_locator(broker, enrolment);
    broker_map_remove(&broker->enrolments, &enrolment->by_handle);
    free(enrolment);
    for (int i = 0; i < 2; i++) {
        struct broker_link *link = sides[i] ? broker_link_find(broker, sides[i]) : NULL;
        if (!link)
            continue;
        if (i == 0 && link->enrol_handle == handle) {
            link->enrol_handle = 0;
            /* Unknown again: to stay it says Hello or asks for a code, in the time anybody has. */
            if (link->state == BROKER_LINK_ENROLLING) {
                link->state = BROKER_LINK_OPEN;
                link->opened_us = broker_now_us();
            }
        }
        if (sides[i] != ended_by)
            send_message(link, handle, (ProtobufCBinaryData){0, NULL}, true);
    }
}

static void send_error(struct broker_link *link, uint32_t re, Hearth__Link__Code code, const char *text)
{
    broker_link_send_error(link, re, code, text, 0);
}

static bool limited(
    struct broker_link *link, uint32_t re, enum broker_limit what, const void *who, size_t len)
{
    uint32_t retry_ms = 0;
    if (broker_ratelimit_take(link->broker->limits, what, who, len, broker_now_us(), &retry_ms))
        return false;
    link->broker->metrics.limited++;
    broker_log("enrol", "%s: too many attempts", link->address);
    broker_link_send_error(
        link, re, HEARTH__LINK__CODE__CODE_BUSY, "Too many attempts. Wait, then try again.", retry_ms);
    return true;
}

void broker_enrol_open(struct broker_link *link, uint32_t re)
{
    struct broker *broker = link->broker;
    uint8_t who[17];
    if (link->state != BROKER_LINK_OPEN && link->state != BROKER_LINK_ENROLLING) {
        send_error(
            link, re, HEARTH__LINK__CODE__CODE_BAD_REQUEST, "This device belongs to an account already.");
        return;
    }
    if (limited(link, re, BROKER_LIMIT_ENROL_OPEN, who, broker_ratelimit_address_key(link->address, who)))
        return;
    broker_enrol_link_gone(link);
    if (broker->enrolments.count >= BROKER_ENROL_MAX) {
        send_error(link, re, HEARTH__LINK__CODE__CODE_BUSY, "Too many PCs are waiting. Try again later.");
        return;
    }
    struct enrolment *enrolment = calloc(1, sizeof *enrolment);
    uint8_t key[BROKER_MAP_KEY_LEN];
    char locator[BROKER_LOCATOR_LEN + 1] = {0};
    if (!enrolment)
        goto fail;
    do {
        for (int i = 0; i < BROKER_LOCATOR_LEN; i++)
            locator[i] = crockford[randombytes_uniform(32)];
        locator_key(key, locator);
    } while (broker_map_find(&broker->locators, key)); /* at most 1 % are taken */
    do
        enrolment->handle = (uint64_t)randombytes_random() << 21 ^ randombytes_random(); /* < 2^53 */
    while (!enrolment->handle || find(broker, enrolment->handle));
    if (broker_map_insert(&broker->locators, key, &enrolment->by_locator) < 0)
        goto fail;
    enrolment->locator_live = true;
    broker_map_key_u64(key, enrolment->handle);
    if (broker_map_insert(&broker->enrolments, key, &enrolment->by_handle) < 0) {
        spend_locator(broker, enrolment);
        goto fail;
    }
    enrolment->pc = link->number;
    enrolment->expires_us = broker_now_us() + BROKER_ENROL_S * UINT64_C(1000000);
    link->state = BROKER_LINK_ENROLLING;
    link->enrol_handle = enrolment->handle;

    Hearth__Link__EnrollOpened opened = HEARTH__LINK__ENROLL_OPENED__INIT;
    opened.locator = locator;
    opened.expires_s = BROKER_ENROL_S;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.re = re;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_ENROLL_OPENED;
    message.enroll_opened = &opened;
    broker_link_send(link, &message);
    return;
fail:
    free(enrolment);
    send_error(link, re, HEARTH__LINK__CODE__CODE_INTERNAL, "The broker is out of memory. Try again later.");
}

/* As Crockford reads what people type: O is 0, I and L are 1, case does not matter. */
static bool normalise(const char *typed, char out[static BROKER_LOCATOR_LEN])
{
    if (strlen(typed) != BROKER_LOCATOR_LEN)
        return false;
    for (int i = 0; i < BROKER_LOCATOR_LEN; i++) {
        char c = (char)toupper((unsigned char)typed[i]);
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        if (!strchr(crockford, c))
            return false;
        out[i] = c;
    }
    return true;
}

void broker_enrol_find(struct broker_link *link, uint32_t re, const char *locator)
{
    struct broker *broker = link->broker;
    if (limited(link, re, BROKER_LIMIT_ENROL_FIND, link->account->id, 16))
        return;
    char wanted[BROKER_LOCATOR_LEN];
    uint8_t key[BROKER_MAP_KEY_LEN];
    struct broker_map_node *node = NULL;
    if (normalise(locator, wanted)) {
        locator_key(key, wanted);
        node = broker_map_find(&broker->locators, key);
    }
    struct enrolment *enrolment = node ? BROKER_MAP_ENTRY(node, struct enrolment, by_locator) : NULL;
    if (!enrolment || enrolment->expires_us <= broker_now_us() || !broker_link_find(broker, enrolment->pc)) {
        send_error(link, re, HEARTH__LINK__CODE__CODE_EXPIRED,
            "No PC waits with this code. Make a new code on the PC.");
        return;
    }
    spend_locator(broker, enrolment);
    enrolment->approver = link->number;
    broker->metrics.enrols++;
    Hearth__Link__EnrollFound found = HEARTH__LINK__ENROLL_FOUND__INIT;
    found.handle = enrolment->handle;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.re = re;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_ENROLL_FOUND;
    message.enroll_found = &found;
    broker_link_send(link, &message);
}

void broker_enrol_message(struct broker_link *link, uint32_t re, const Hearth__Link__EnrollMessage *message)
{
    struct broker *broker = link->broker;
    struct enrolment *enrolment = find(broker, message->handle);
    bool is_pc = enrolment && enrolment->pc == link->number;
    bool is_approver = enrolment && enrolment->approver == link->number;
    if (!enrolment || !enrolment->approver || (!is_pc && !is_approver)) {
        send_error(
            link, re, HEARTH__LINK__CODE__CODE_EXPIRED, "This enrolment is over. Make a new code on the PC.");
        return;
    }
    struct broker_link *other = broker_link_find(broker, is_pc ? enrolment->approver : enrolment->pc);
    if (!other || ++enrolment->messages > BROKER_ENROL_MESSAGES_MAX) {
        drop(broker, enrolment, link->number);
        send_error(
            link, re, HEARTH__LINK__CODE__CODE_EXPIRED, "This enrolment is over. Make a new code on the PC.");
        return;
    }
    uint64_t number = link->number;
    if (message->data.len)
        send_message(other, enrolment->handle, message->data, false);
    /* Sending may have ended the other side and, with it, the enrolment. */
    enrolment = find(broker, message->handle);
    if (message->end && enrolment)
        drop(broker, enrolment, number);
    broker_link_send_done(link, re);
}

struct search {
    uint64_t number, now_us;
    struct enrolment *found;
};

static void match(struct broker_map_node *node, void *context)
{
    struct search *search = context;
    struct enrolment *enrolment = BROKER_MAP_ENTRY(node, struct enrolment, by_handle);
    if (enrolment->pc == search->number || enrolment->approver == search->number ||
        enrolment->expires_us <= search->now_us)
        search->found = enrolment;
}

/* One at a time: telling a side may end its link, and with it other enrolments. */
static void drop_matching(struct broker *broker, uint64_t number, uint64_t now_us)
{
    struct search search;
    do {
        search = (struct search){number, now_us, NULL};
        broker_map_each(&broker->enrolments, match, &search);
        if (search.found)
            drop(broker, search.found, number);
    } while (search.found);
}

void broker_enrol_link_gone(struct broker_link *link)
{
    if (link->broker->enrolments.count && (link->enrol_handle || link->account))
        drop_matching(link->broker, link->number, 0);
}

void broker_enrol_tick(struct broker *broker, uint64_t now_us)
{
    if (broker->enrolments.count)
        drop_matching(broker, UINT64_MAX, now_us);
}

static void free_node(struct broker_map_node *node, void *context)
{
    (void)context;
    free(BROKER_MAP_ENTRY(node, struct enrolment, by_handle));
}

void broker_enrol_finish(struct broker *broker)
{
    broker_map_finish(&broker->locators);
    broker_map_each(&broker->enrolments, free_node, NULL);
    broker_map_finish(&broker->enrolments);
}
