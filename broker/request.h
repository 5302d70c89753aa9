/* Whether a message from an endpoint keeps every bound of the schema. Pure. Any thread. */
#pragma once

#include "channel/proto/link.pb-c.h"

enum { BROKER_ENROL_DATA_MAX = 60 * 1024 };

/* NULL when it is good, else what is wrong with it (static English). */
const char *broker_request_check(const Hearth__Link__ToBroker *request);
