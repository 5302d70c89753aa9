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

int link_log_take(struct channel_link *link, const Hearth__Link__LogEntries *entries)
{
    bool grew = false;
    int result = 0;
    for (size_t i = 0; i < entries->n_entries && result == 0; i++) {
        const uint64_t count = channel_log_count(home_log(link));
        const uint64_t seq = entries->from + i;
        if (seq < count) {
            if (!same(home_log(link), seq, &entries->entries[i])) {
                link->untrusted = true;
                link_refuse(link, FORKED);
                result = -1;
            }
        } else if (seq == count) {
            const int error =
                channel_home_append(link->config.home, entries->entries[i].data, entries->entries[i].len);
            if (error == CHANNEL_LOG_OK || error == CHANNEL_HOME_ERR_IO) {
                /* With ERR_IO it counts in memory and is stored with the next one. */
                grew = true;
            } else if (error == CHANNEL_LOG_ERR_NOMEM) {
                link_refuse(link, "Out of memory while keeping the account's log.");
                result = -1;
            } else {
                link->untrusted = true;
                link_refuse(link, FORKED);
                result = -1;
            }
        } else {
            break; /* a gap: fetched below */
        }
    }
    if (result == 0 && entries->total < channel_log_count(home_log(link))) {
        link->untrusted = true;
        link_refuse(link, ROLLED_BACK);
        result = -1;
    }
    if (grew) {
        log_changed(link);
    }
    if (result == 0 && entries->total > channel_log_count(home_log(link)) && !link->syncing) {
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
    fetch.link->syncing = false;
    if (answer && answer->body_case == HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES) {
        if (link_log_take(fetch.link, answer->log_entries) != 0) {
            code = HEARTH__LINK__CODE__CODE_DENIED;
            message = fetch.link->why;
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
    link->syncing = true;
    const uint32_t id = link_send_owned(link, &message, fetched, fetch);
    if (id == 0) {
        link->syncing = false;
        free(fetch);
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
