/* Enrolment at the broker: a PC without an account asks for a locator, an approver finds the PC by it,
 * and their messages go to and fro, unread. Loop thread. docs/wire.md section 9. */
#pragma once

#include "broker/broker.h"
#include "channel/proto/link.pb-c.h"

struct broker_link;

enum {
    BROKER_LOCATOR_LEN = 4,
    BROKER_ENROL_S = 600,     /* life of a locator and of what follows it */
    BROKER_ENROL_MAX = 10000, /* enrolments at once, of 2^20 locators */
    BROKER_ENROL_MESSAGES_MAX =
        1024 /* messages of one enrolment, both ways: the longest log takes some 700 */
};

/* A link without Hello asks for a locator. One a link. */
void broker_enrol_open(struct broker_link *link, uint32_t re);
/* A device looks for a locator; it is spent by that. */
void broker_enrol_find(struct broker_link *link, uint32_t re, const char *locator);
/* Forward to the other side. */
void broker_enrol_message(struct broker_link *link, uint32_t re, const Hearth__Link__EnrollMessage *message);
/* The link ends, or becomes a device's: what it took part in ends. */
void broker_enrol_link_gone(struct broker_link *link);
/* End what is too old. */
void broker_enrol_tick(struct broker *broker, uint64_t now_us);
void broker_enrol_finish(struct broker *broker);
