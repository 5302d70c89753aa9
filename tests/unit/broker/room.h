/* What the tests of the link and of the relay begin with: the real broker and a person with three devices. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/broker/harness.h"

static struct program broker;
static struct person ann;
static struct device laptop, tower, phone;

static inline void add(const struct device *device)
{
    struct link link;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    link_enter(&broker, &link, &ann, &laptop);
    size_t len = entry_add(&ann, &laptop, device, entry);
    link_append(&link, 7, entry, len);
    Hearth__Link__FromBroker *done = link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_DONE, 5000, true);
    assert_non_null(done);
    assert_int_equal(done->re, 7);
    hearth__link__from_broker__free_unpacked(done, NULL);
    assert_int_equal(channel_log_append(ann.log, entry, len), 0);
    ws_close(&link.ws);
}

static inline int start(void **state)
{
    (void)state;
    program_start(&broker, NULL);
    device_make(&laptop, "laptop", CHANNEL_RIGHTS_ALL);
    device_make(&tower, "tower", CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_CONTROL);
    device_make(&phone, "phone", CHANNEL_RIGHT_VIEW);
    person_make(&ann, "ann");
    signup(&broker, &ann, &laptop);
    add(&tower);
    add(&phone);
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    person_finish(&ann);
    return program_stop(&broker) == 0 ? 0 : -1;
}

static inline void expect_denied(struct link *link)
{
    Hearth__Link__FromBroker *error = link_wait(link, HEARTH__LINK__FROM_BROKER__BODY_ERROR, 5000, true);
    assert_non_null(error);
    assert_int_equal(error->error->code, HEARTH__LINK__CODE__CODE_DENIED);
    hearth__link__from_broker__free_unpacked(error, NULL);
    assert_null(link_wait(link, HEARTH__LINK__FROM_BROKER__BODY_WELCOME, 5000, true));
    assert_int_equal(link->ws.close_code, 4401);
    ws_close(&link->ws);
}

static inline Hearth__Link__FromBroker *ask(
    struct link *link, Hearth__Link__ToBroker *message, Hearth__Link__FromBroker__BodyCase kind)
{
    link_say(link, message);
    return link_wait(link, kind, 5000, true);
}
