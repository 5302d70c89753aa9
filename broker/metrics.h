/* The counters as Prometheus text. Loop thread. */
#pragma once

#include "broker/broker.h"

enum { BROKER_METRICS_TEXT_MAX = 8192 };

/* Returns the length written (< cap). */
size_t broker_metrics_write(const struct broker *broker, char *out, size_t cap);
