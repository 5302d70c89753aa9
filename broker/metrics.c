#include "broker/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "broker/tokens.h"

size_t broker_metrics_write(const struct broker *broker, char *out, size_t cap)
{
    const struct broker_metrics *m = &broker->metrics;
    size_t rss = 0;
    (void)uv_resident_set_memory(&rss);
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } rows[] = {
        {"http_requests_total", "counter", "HTTP requests", m->http_requests},
        {"http_refused_total", "counter", "HTTP answers of 400 and more, but 404", m->http_refused},
        {"http_now", "gauge", "HTTP requests being answered", m->http_now},
        {"links_total", "counter", "links opened", m->links_total},
        {"links_now", "gauge", "links open", m->links_now},
        {"hello_ok_total", "counter", "devices that proved who they are", m->hello_ok},
        {"hello_denied_total", "counter", "devices refused", m->hello_denied},
        {"login_ok_total", "counter", "sign-ins", m->login_ok},
        {"login_denied_total", "counter", "sign-ins refused", m->login_denied},
        {"limited_total", "counter", "requests over a rate limit", m->limited},
        {"log_entries_total", "counter", "account log entries taken", m->log_entries},
        {"enrolments_total", "counter", "enrolment codes found", m->enrols},
        {"db_errors_total", "counter", "failures of the database", m->db_errors},
        {"relays_total", "counter", "relays offered", m->relays_total},
        {"relays_now", "gauge", "relays open", m->relays_now},
        {"relay_sockets_now", "gauge", "relay sockets open", m->relay_sockets_now},
        {"relay_messages_total", "counter", "records forwarded", m->relay_messages},
        {"relay_interactive_bytes_total", "counter", "bytes forwarded in lane I", m->relay_bytes[0]},
        {"relay_screen_bytes_total", "counter", "bytes forwarded in lane S", m->relay_bytes[1]},
        {"relay_bulk_bytes_total", "counter", "bytes forwarded in lane B", m->relay_bytes[2]},
        {"relay_pauses_total", "counter", "times a sender had to wait", m->relay_pauses},
        {"relay_stalled_total", "counter", "relays closed because a side took nothing", m->relay_stalled},
        {"relay_expired_total", "counter", "relays to which a side did not come", m->relay_expired},
        {"tickets_now", "gauge", "sign-in tickets alive", broker_tokens_count(broker->tickets)},
        {"rate_buckets_now", "gauge", "rate limit buckets", broker_ratelimit_count(broker->limits)},
        {"resident_bytes", "gauge", "memory of the process", rss},
    };
    size_t at = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int used = snprintf(out + at, cap - at,
            "# HELP hearth_broker_%s %s\n# TYPE hearth_broker_%s %s\nhearth_broker_%s %" PRIu64 "\n",
            rows[i].name, rows[i].help, rows[i].name, rows[i].type, rows[i].name, rows[i].value);
        if (used < 0 || (size_t)used >= cap - at)
            break;
        at += (size_t)used;
    }
    return at;
}
