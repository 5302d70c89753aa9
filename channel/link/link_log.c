/* The account log over a link: every entry is checked against what this device keeps before it counts,
 * and a broker that shows a shorter or another history is left for good. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/link/link_internal.h"

static const char FORKED[] = "The broker shows another history of this account than the one this device "
                             "keeps. Someone may be trying to add a device behind your back. Nothing is "
                             "opened; ask whoever runs the broker.";
static const char ROLLED_BACK[] = "The broker has forgotten changes of this account that this device knows. "
                                  "If its data was restored from an old copy, restore a newer one. Nothing "
                                  "is opened meanwhile.";

static const struct channel_log *home_log(const struct channel_link *link)
{
    return channel_home_log(link->config.home);
}

static void log_changed(struct channel_link *link)
{
    if (link->config.callbacks.log_changed) {
        link->config.callbacks.log_changed(link->config.user);
    }
    struct link_listener *next = NULL;
    for (struct link_listener *at = link->listeners; at; at = next) {
        next = at->next;
        if (at->log_changed) {
            at->log_changed(at->user);
        }
    }
}

/* An entry that we hold already must be the same. */
static bool same(const struct channel_log *log, uint64_t seq, const ProtobufCBinaryData *entry)
{
    size_t len = 0;
    const uint8_t *ours = channel_log_entry(log, seq, &len);
    return ours && len == entry->len && memcmp(ours, entry->data, len) == 0;
}

static void distrust(struct channel_link *link, const char *why)
{
    link->untrusted = true;
    link_refuse(link, why);
}

/* An entry that follows ours. 0, or -1 after link_refuse: only what the broker did wrong is called that. */
static int take_next(struct channel_link *link, const ProtobufCBinaryData *entry, bool *grew)
{
    const uint64_t before = channel_log_count(home_log(link));
    const int error = channel_home_append(link->config.home, entry->data, entry->len);
    char why[CHANNEL_HOME_WHY_MAX + 128];
    *grew |= channel_log_count(home_log(link)) > before;
    switch (error) {
    case CHANNEL_HOME_OK:
        return 0;
    case CHANNEL_HOME_ERR_NOMEM:
        link_refuse(link, "Out of memory while keeping the account's log.");
        return -1;
    case CHANNEL_LOG_ERR_LIMIT:
        link_refuse(link, "The account's log is full: it holds 65,536 changes.");
        return -1;
    case CHANNEL_HOME_ERR_IO:
        if (channel_log_count(home_log(link)) > before) {
            return 0; /* it counts in memory and is stored with the next one */
        }
        break;
    case CHANNEL_HOME_ERR_ACCESS:
    case CHANNEL_HOME_ERR_FORMAT:
    case CHANNEL_HOME_ERR_ROLLBACK:
    case CHANNEL_HOME_ERR_STATE:
        break;
    default:
        distrust(link, FORKED);
        return -1;
    }
    (void)snprintf(why, sizeof why, "Changes of the account cannot be kept on this computer. %s",
        channel_home_why(link->config.home));
    link_refuse(link, why);
    return -1;
}

/* Check and keep entries; those behind a gap are left for another time. */
static int take_entries(struct channel_link *link, const Hearth__Link__LogEntries *entries)
{
    bool grew = false;
    int result = 0;
    for (size_t i = 0; i < entries->n_entries && result == 0; i++) {
        const uint64_t count = channel_log_count(home_log(link));
        const uint64_t seq = entries->from + i;
        if (seq > count) {
            break;
        }
        if (seq == count) {
            result = take_next(link, &entries->entries[i], &grew);
        } else if (!same(home_log(link), seq, &entries->entries[i])) {
            distrust(link, FORKED);
            result = -1;
        }
    }
    if (result == 0 && entries->total < channel_log_count(home_log(link))) {
        distrust(link, ROLLED_BACK);
        result = -1;
    }
    if (grew) {
        log_changed(link);
    }
    return result;
}

static bool syncing(const struct channel_link *link)
{
    for (size_t i = 0; link->sync_request != 0 && i < LINK_REQUESTS_MAX; i++) {
        if (link->requests[i].id == link->sync_request) {
            return true;
        }
    }
    return false;
}

int link_log_take(struct channel_link *link, const Hearth__Link__LogEntries *entries)
{
    const int result = take_entries(link, entries);
    if (result == 0 && entries->total > channel_log_count(home_log(link)) && !syncing(link)) {
        (void)link_log_fetch(link, NULL, NULL);
    }
    return result;
}

struct fetch {
    struct channel_link *link;
    channel_link_done_fn *done;
    void *user;
};

static void fetched(void *user, const Hearth__Link__FromBroker *answer, int code, const char *message)
{
    struct fetch fetch = *(struct fetch *)user;
    free(user);
    if (answer && answer->body_case == HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES) {
        const uint64_t before = channel_log_count(home_log(fetch.link));
        const int taken = take_entries(fetch.link, answer->log_entries);
        const uint64_t now = channel_log_count(home_log(fetch.link));
        if (taken != 0) {
            code = HEARTH__LINK__CODE__CODE_DENIED;
            message = fetch.link->why;
        } else if (answer->log_entries->total > now) {
            /* A long log comes in pages; one without anything new would be asked for for ever. */
            if (now > before && link_log_fetch(fetch.link, fetch.done, fetch.user) != 0) {
                return;
            }
            code = HEARTH__LINK__CODE__CODE_INTERNAL;
            message = "The broker did not give the whole log of the account.";
        }
    } else if (code == 0) {
        code = HEARTH__LINK__CODE__CODE_INTERNAL;
        message = "The broker answered with something else than the log.";
    }
    if (fetch.done) {
        fetch.done(fetch.user, code, message);
    }
}

uint32_t link_log_fetch(struct channel_link *link, channel_link_done_fn *done, void *user)
{
    struct fetch *fetch = malloc(sizeof *fetch);
    if (!fetch) {
        return 0;
    }
    *fetch = (struct fetch){link, done, user};
    Hearth__Link__LogGet get = HEARTH__LINK__LOG_GET__INIT;
    get.from = channel_log_count(home_log(link));
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_LOG_GET;
    message.log_get = &get;
    const uint32_t id = link_send_owned(link, &message, fetched, fetch);
    if (id == 0) {
        free(fetch);
    } else {
        link->sync_request = id;
    }
    return id;
}

static void appended(void *user, const Hearth__Link__FromBroker *answer, int code, const char *message)
{
    struct fetch fetch = *(struct fetch *)user;
    free(user);
    if (answer && answer->body_case != HEARTH__LINK__FROM_BROKER__BODY_DONE) {
        code = HEARTH__LINK__CODE__CODE_INTERNAL;
        message = "The broker answered with something else than done.";
    }
    /* What we appended counts when it comes back checked, like everybody's: fetch before saying done. */
    if (code == 0 && link_log_fetch(fetch.link, fetch.done, fetch.user) != 0) {
        return;
    }
    fetch.done(fetch.user, code, message);
}

uint32_t channel_link_append(struct channel_link *link, const uint8_t *const *entries, const size_t *lens,
    size_t count, channel_link_done_fn *callback, void *user)
{
    ProtobufCBinaryData *list = calloc(count ? count : 1, sizeof *list);
    struct fetch *fetch = malloc(sizeof *fetch);
    if (!list || !fetch) {
        free(list);
        free(fetch);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        /* protobuf-c takes writable pointers for reading. */
        list[i] = (ProtobufCBinaryData){lens[i], (uint8_t *)(uintptr_t)entries[i]};
    }
    *fetch = (struct fetch){link, callback, user};
    Hearth__Link__LogAppend append = HEARTH__LINK__LOG_APPEND__INIT;
    append.n_entries = count;
    append.entries = list;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_LOG_APPEND;
    message.log_append = &append;
    const uint32_t id = link_send_owned(link, &message, appended, fetch);
    free(list);
    if (id == 0) {
        free(fetch);
    }
    return id;
}
