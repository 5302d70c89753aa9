/* Accounts in memory: while a device of it holds a link (or a write runs), an account's log is here,
 * checked entry by entry, with what is known of its devices' presence. The database is the truth; what
 * could not be written is read back from it. Loop thread. docs/wire.md section 3. */
#pragma once

#include "broker/db.h"
#include "broker/map.h"
#include "broker/store.h"
#include "channel/identity/log.h"

struct broker_link;

enum {
    BROKER_USES_MAX = 16,  /* devices shown as working on one device */
    BROKER_APPEND_MAX = 16 /* entries of one append */
};

struct broker_use {
    uint8_t device_id[16];
    uint64_t since_ms;
    bool view_only;
};

/* A device as presence sees it. */
struct broker_device {
    uint8_t id[16];
    struct broker_link *link; /* NULL = offline */
    uint64_t last_seen_ms;
    int kind;
    char os[BROKER_OS_MAX + 1], version[BROKER_VERSION_MAX + 1];
    struct broker_use uses[BROKER_USES_MAX];
    size_t use_count;
    bool dirty;      /* its state is to be told to the account's links */
    bool seen_dirty; /* last_seen_ms is to be written */
};

struct broker_account {
    struct broker_map_node node;
    struct broker_accounts *owner;
    uint8_t id[16];
    char name[BROKER_NAME_MAX + 1];
    unsigned refs;
    bool ready;              /* the log is here */
    struct channel_log *log; /* may be ahead of the database by what is being written */
    uint64_t committed;      /* entries that are durable: only these are told */
    struct broker_device **devices;
    size_t device_count;
    struct broker_link *links; /* all links of the account, by their account_next */
    unsigned lookers;
    bool dirty; /* in the list of accounts with something to tell */
    struct broker_account *dirty_next;
    struct broker_account_wait *waits;
};

struct broker_accounts;

struct broker_accounts_events {
    /* Entries from .. committed-1 became durable. */
    void (*grown)(struct broker_account *account, uint64_t from, void *context);
    void *context;
};

struct broker_accounts *broker_accounts_create(struct broker_db *db, struct broker_accounts_events events);
/* All references must be gone or abandoned: frees every account. */
void broker_accounts_destroy(struct broker_accounts *accounts);

/* Get an account, from memory or from the database, and take a reference. callback runs once, maybe
 * before the call returns, with BROKER_OK and the account, or an error and NULL. context must stay valid
 * until then: pass an id to look up, never a pointer that may go. */
void broker_account_get(struct broker_accounts *accounts, const uint8_t id[static 16],
    void (*callback)(int err, struct broker_account *account, uint64_t context_id, void *context),
    uint64_t context_id, void *context);
void broker_account_ref(struct broker_account *account);
void broker_account_unref(struct broker_account *account);

/* Check entries against the log and write them. callback: BROKER_OK when they are durable, CONFLICT when
 * they do not follow the log, FORMAT or DENIED when they are not valid. When entry n is refused, those
 * before it are taken. Entries are copied. */
void broker_account_append(struct broker_account *account, const struct broker_bytes *entries, size_t count,
    void (*callback)(int err, struct broker_account *account, uint64_t context_id, void *context),
    uint64_t context_id, void *context);

/* NULL when the log does not name it. */
struct broker_device *broker_account_device(struct broker_account *account, const uint8_t id[static 16]);
/* A log error as one of broker/error.h. */
int broker_account_log_error(int log_error);
/* Write the last_seen of every device that changed. */
void broker_accounts_save_seen(struct broker_accounts *accounts);
/* Visit every account in memory. */
void broker_accounts_each(struct broker_accounts *accounts,
    void (*visit)(struct broker_account *account, void *context), void *context);
