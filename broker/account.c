#include "broker/account.h"

#include <stdlib.h>
#include <string.h>

#include "broker/error.h"

struct broker_account_wait {
    struct broker_account_wait *next;
    void (*callback)(int err, struct broker_account *account, uint64_t context_id, void *context);
    uint64_t context_id;
    void *context;
};

struct broker_accounts {
    struct broker_map map;
    struct broker_db *db;
    struct broker_accounts_events events;
};

struct load_job {
    struct broker_db_job job;
    struct broker_account *account; /* referenced */
    uint8_t id[16];
    int err;
    char name[BROKER_NAME_MAX + 1];
    struct channel_log *log;
    uint64_t total;
    struct broker_seen *seen;
    size_t seen_count, seen_cap;
};

struct append_job {
    struct broker_db_job job;
    struct broker_account *account; /* referenced */
    struct broker_account_wait wait;
    uint8_t id[16];
    uint64_t from;
    int err, refused;
    size_t count;
    struct broker_bytes entries[BROKER_APPEND_MAX];
    uint8_t bytes[];
};

int broker_account_log_error(int log_error)
{
    switch ((enum channel_log_error)log_error) {
    case CHANNEL_LOG_OK:
        return BROKER_OK;
    case CHANNEL_LOG_ERR_NOMEM:
        return BROKER_ERR_NOMEM;
    case CHANNEL_LOG_ERR_CHAIN:
    case CHANNEL_LOG_ERR_FORK:
    case CHANNEL_LOG_ERR_ROLLBACK:
        return BROKER_ERR_CONFLICT;
    case CHANNEL_LOG_ERR_LIMIT:
        return BROKER_ERR_LIMIT;
    case CHANNEL_LOG_ERR_SIGNATURE:
    case CHANNEL_LOG_ERR_DENIED:
        return BROKER_ERR_DENIED;
    case CHANNEL_LOG_ERR_FORMAT:
        return BROKER_ERR_FORMAT;
    }
    return BROKER_ERR_FORMAT;
}

struct broker_accounts *broker_accounts_create(struct broker_db *db, struct broker_accounts_events events)
{
    struct broker_accounts *accounts = calloc(1, sizeof *accounts);
    if (!accounts)
        return NULL;
    broker_map_init(&accounts->map);
    accounts->db = db;
    accounts->events = events;
    return accounts;
}

static void save_account(struct broker_map_node *node, void *context);

static void account_free(struct broker_account *account)
{
    channel_log_destroy(account->log);
    for (size_t i = 0; i < account->device_count; i++)
        free(account->devices[i]);
    free(account->devices);
    free(account);
}

static void free_node(struct broker_map_node *node, void *context)
{
    (void)context;
    account_free(BROKER_MAP_ENTRY(node, struct broker_account, node));
}

void broker_accounts_destroy(struct broker_accounts *accounts)
{
    if (!accounts)
        return;
    broker_map_each(&accounts->map, free_node, NULL);
    broker_map_finish(&accounts->map);
    free(accounts);
}

void broker_account_ref(struct broker_account *account)
{
    account->refs++;
}

void broker_account_unref(struct broker_account *account)
{
    if (!account || --account->refs)
        return;
    save_account(&account->node, NULL);
    broker_map_remove(&account->owner->map, &account->node);
    account_free(account);
}

struct broker_device *broker_account_device(struct broker_account *account, const uint8_t id[static 16])
{
    for (size_t i = 0; i < account->device_count; i++) {
        if (memcmp(account->devices[i]->id, id, 16) == 0)
            return account->devices[i];
    }
    return NULL;
}

/* Every device of the log gets its place. One that was added in memory but never written keeps its place
 * unused: it is not in the log that was read back, and all look-ups go by the log. */
static int sync_devices(struct broker_account *account)
{
    size_t known_count = channel_log_device_count(account->log);
    for (size_t i = 0; i < known_count; i++) {
        const struct channel_device *known = channel_log_device(account->log, i);
        bool in_place = i < account->device_count && memcmp(account->devices[i]->id, known->id, 16) == 0;
        if (in_place || broker_account_device(account, known->id))
            continue;
        struct broker_device **devices =
            realloc(account->devices, (account->device_count + 1) * sizeof(void *));
        if (!devices)
            return BROKER_ERR_NOMEM;
        account->devices = devices;
        struct broker_device *device = calloc(1, sizeof *device);
        if (!device)
            return BROKER_ERR_NOMEM;
        memcpy(device->id, known->id, sizeof device->id);
        device->kind = (int)known->role;
        devices[account->device_count++] = device;
    }
    return BROKER_OK;
}

/* ---- reading an account ---- */

static bool load_entry(const uint8_t *entry, size_t len, void *context)
{
    struct load_job *load = context;
    load->err = broker_account_log_error(channel_log_append(load->log, entry, len));
    return load->err == BROKER_OK;
}

static bool load_seen(const struct broker_seen *seen, void *context)
{
    struct load_job *load = context;
    if (load->seen_count == load->seen_cap) {
        size_t cap = load->seen_cap ? load->seen_cap * 2 : 16;
        struct broker_seen *grown = realloc(load->seen, cap * sizeof *grown);
        if (!grown)
            return false;
        load->seen = grown;
        load->seen_cap = cap;
    }
    load->seen[load->seen_count++] = *seen;
    return true;
}

static void load_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct load_job *load = (struct load_job *)job;
    load->log = channel_log_create();
    load->err = load->log ? broker_store_account_name(sql, load->id, load->name) : BROKER_ERR_NOMEM;
    if (load->err != BROKER_OK)
        return;
    int err = broker_store_log_read(sql, load->id, 0, load_entry, load, &load->total);
    if (err == BROKER_OK && load->err == BROKER_OK)
        err = broker_store_seen_read(sql, load->id, load_seen, load);
    if (load->err == BROKER_OK)
        load->err = err;
}

static void tell_waits(struct broker_account *account, int err)
{
    struct broker_account_wait *wait = account->waits;
    account->waits = NULL;
    while (wait) {
        struct broker_account_wait *next = wait->next;
        if (err == BROKER_OK)
            broker_account_ref(account);
        wait->callback(err, err == BROKER_OK ? account : NULL, wait->context_id, wait->context);
        free(wait);
        wait = next;
    }
}

static void load_done(struct broker_db_job *job)
{
    struct load_job *load = (struct load_job *)job;
    struct broker_account *account = load->account;
    uint64_t told = account->committed;
    if (load->err == BROKER_OK) {
        channel_log_destroy(account->log);
        account->log = load->log;
        load->log = NULL;
        account->committed = channel_log_count(account->log);
        memcpy(account->name, load->name, sizeof account->name);
        load->err = sync_devices(account);
    }
    if (load->err == BROKER_OK && !account->ready) {
        account->ready = true;
        for (size_t i = 0; i < load->seen_count; i++) {
            struct broker_device *device = broker_account_device(account, load->seen[i].device_id);
            if (!device)
                continue;
            device->last_seen_ms = load->seen[i].last_seen_ms;
            device->kind = load->seen[i].kind;
            memcpy(device->os, load->seen[i].os, sizeof device->os);
            memcpy(device->version, load->seen[i].version, sizeof device->version);
        }
    }
    if (load->err == BROKER_OK && told && account->committed > told)
        account->owner->events.grown(account, told, account->owner->events.context);
    tell_waits(account, load->err);
    channel_log_destroy(load->log);
    free(load->seen);
    free(load);
    broker_account_unref(account);
}

static int submit_load(struct broker_account *account)
{
    struct load_job *load = calloc(1, sizeof *load);
    if (!load)
        return BROKER_ERR_NOMEM;
    load->job.run = load_run;
    load->job.done = load_done;
    load->account = account;
    memcpy(load->id, account->id, sizeof load->id);
    int err = broker_db_submit(account->owner->db, &load->job);
    if (err == BROKER_OK)
        broker_account_ref(account);
    else
        free(load);
    return err;
}

void broker_account_get(struct broker_accounts *accounts, const uint8_t id[static 16],
    void (*callback)(int err, struct broker_account *account, uint64_t context_id, void *context),
    uint64_t context_id, void *context)
{
    struct broker_map_node *node = broker_map_find(&accounts->map, id);
    struct broker_account *account = node ? BROKER_MAP_ENTRY(node, struct broker_account, node) : NULL;
    if (account && account->ready) {
        broker_account_ref(account);
        callback(BROKER_OK, account, context_id, context);
        return;
    }
    int err = BROKER_ERR_NOMEM;
    struct broker_account_wait *wait = malloc(sizeof *wait);
    if (!wait)
        goto fail;
    *wait = (struct broker_account_wait){NULL, callback, context_id, context};
    if (!account) {
        account = calloc(1, sizeof *account);
        if (!account || broker_map_insert(&accounts->map, id, &account->node) < 0) {
            free(account);
            goto fail;
        }
        account->owner = accounts;
        memcpy(account->id, id, sizeof account->id);
        account->refs = 1;
        err = submit_load(account);
        if (err != BROKER_OK) {
            broker_account_unref(account);
            goto fail;
        }
        account->refs--; /* the job holds it now */
    }
    wait->next = account->waits;
    account->waits = wait;
    return;
fail:
    free(wait);
    callback(err, NULL, context_id, context);
}

/* ---- growing an account ---- */

static void append_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct append_job *append = (struct append_job *)job;
    append->err = broker_store_log_append(sql, append->id, append->from, append->entries, append->count);
}

static void append_done(struct broker_db_job *job)
{
    struct append_job *append = (struct append_job *)job;
    struct broker_account *account = append->account;
    int err = append->err;
    if (err == BROKER_OK && channel_log_count(account->log) >= append->from + append->count) {
        account->committed = append->from + append->count;
        account->owner->events.grown(account, append->from, account->owner->events.context);
        err = append->refused;
    } else if (err == BROKER_OK) {
        (void)submit_load(account); /* a reload that ran before this write took it out of memory */
    } else {
        /* Memory is ahead of the disk now: read the truth back. Writes queued meanwhile fail at the
         * database, whose next number they miss. */
        (void)submit_load(account);
    }
    append->wait.callback(err, account, append->wait.context_id, append->wait.context);
    free(append);
    broker_account_unref(account);
}

void broker_account_append(struct broker_account *account, const struct broker_bytes *entries, size_t count,
    void (*callback)(int err, struct broker_account *account, uint64_t context_id, void *context),
    uint64_t context_id, void *context)
{
    struct append_job *append = NULL;
    int err = BROKER_ERR_FORMAT;
    size_t total = 0;
    if (count == 0 || count > BROKER_APPEND_MAX)
        goto fail;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].len == 0 || entries[i].len > CHANNEL_LOG_ENTRY_MAX)
            goto fail;
        total += entries[i].len;
    }
    err = BROKER_ERR_NOMEM;
    append = calloc(1, sizeof *append + total);
    if (!append)
        goto fail;
    append->job.run = append_run;
    append->job.done = append_done;
    append->account = account;
    append->wait = (struct broker_account_wait){NULL, callback, context_id, context};
    memcpy(append->id, account->id, sizeof append->id);
    append->from = channel_log_count(account->log);
    uint8_t *at = append->bytes;
    for (; append->count < count; append->count++) {
        const struct broker_bytes *entry = &entries[append->count];
        append->refused = broker_account_log_error(channel_log_append(account->log, entry->data, entry->len));
        if (append->refused != BROKER_OK)
            break;
        memcpy(at, entry->data, entry->len);
        append->entries[append->count] = (struct broker_bytes){at, entry->len};
        at += entry->len;
    }
    err = append->refused;
    if (append->count == 0)
        goto fail;
    err = sync_devices(account);
    if (err == BROKER_OK)
        err = broker_db_submit(account->owner->db, &append->job);
    if (err != BROKER_OK) {
        (void)submit_load(account);
        goto fail;
    }
    broker_account_ref(account);
    return;
fail:
    free(append);
    callback(err, account, context_id, context);
}

/* ---- last seen ---- */

struct seen_job {
    struct broker_db_job job;
    size_t count;
    int err;
    struct broker_seen seen[];
};

static void seen_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct seen_job *save = (struct seen_job *)job;
    save->err = broker_store_seen_write(sql, save->seen, save->count);
}

static void seen_done(struct broker_db_job *job)
{
    free(job);
}

static void save_account(struct broker_map_node *node, void *context)
{
    (void)context;
    struct broker_account *account = BROKER_MAP_ENTRY(node, struct broker_account, node);
    size_t count = 0;
    for (size_t i = 0; i < account->device_count; i++)
        count += account->devices[i]->seen_dirty;
    if (!count)
        return;
    struct seen_job *save = calloc(1, sizeof *save + count * sizeof save->seen[0]);
    if (!save)
        return;
    save->job.run = seen_run;
    save->job.done = seen_done;
    for (size_t i = 0; i < account->device_count; i++) {
        struct broker_device *device = account->devices[i];
        if (!device->seen_dirty)
            continue;
        struct broker_seen *seen = &save->seen[save->count++];
        memcpy(seen->account_id, account->id, sizeof seen->account_id);
        memcpy(seen->device_id, device->id, sizeof seen->device_id);
        memcpy(seen->os, device->os, sizeof seen->os);
        memcpy(seen->version, device->version, sizeof seen->version);
        seen->kind = device->kind;
        seen->last_seen_ms = device->last_seen_ms;
    }
    if (broker_db_submit(account->owner->db, &save->job) != BROKER_OK) {
        free(save); /* still marked: the next round tries again */
        return;
    }
    for (size_t i = 0; i < account->device_count; i++)
        account->devices[i]->seen_dirty = false;
}

void broker_accounts_save_seen(struct broker_accounts *accounts)
{
    broker_map_each(&accounts->map, save_account, NULL);
}

struct each {
    void (*visit)(struct broker_account *account, void *context);
    void *context;
};

static void each_node(struct broker_map_node *node, void *context)
{
    struct each *each = context;
    each->visit(BROKER_MAP_ENTRY(node, struct broker_account, node), each->context);
}

void broker_accounts_each(struct broker_accounts *accounts,
    void (*visit)(struct broker_account *account, void *context), void *context)
{
    struct each each = {visit, context};
    broker_map_each(&accounts->map, each_node, &each);
}
