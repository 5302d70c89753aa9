#include "channel/identity/home.h"

#include "channel/core/bytes.h"
#include "channel/identity/file.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYS_LEN = 1 + 32 + 32, HEAD_LEN = 8 + 32, JSON_MAX = 4096 };

struct channel_home {
    char dir[PATH_MAX];
    int dir_fd, log_fd, lock_fd; /* -1 = not open */
    bool has_keys, enrolled;
    struct channel_keys keys;
    uint8_t device_id[CHANNEL_ID_LEN];
    char broker[CHANNEL_HOME_URL_MAX + 1];
    char account[CHANNEL_HOME_ACCOUNT_MAX + 1];
    char pin[CHANNEL_HOME_PIN_MAX + 1];
    uint8_t root_sign[32], root_dh[32];
    struct channel_log *log;
    uint64_t saved;  /* entries on disk */
    uint64_t offset; /* ... and where they end */
    char why[CHANNEL_HOME_WHY_MAX];
};

__attribute__((format(printf, 3, 4))) static int refuse(
    struct channel_home *home, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(home->why, sizeof home->why, format, args);
    va_end(args);
    return error;
}

/* Why a file of the home could not be used. */
static int refuse_file(struct channel_home *home, const char *name, int err)
{
    if (err == -EACCES)
        return refuse(home, CHANNEL_HOME_ERR_ACCESS,
            "%s/%s can be read by others, or belongs to another user. Make it private: chmod 600 %s/%s",
            home->dir, name, home->dir, name);
    return refuse(home, CHANNEL_HOME_ERR_IO, "%s/%s cannot be used: %s", home->dir, name, strerror(-err));
}

static int refuse_damaged(struct channel_home *home, const char *name)
{
    return refuse(home, CHANNEL_HOME_ERR_FORMAT,
        "%s/%s is damaged. Enrol this program again with another home.", home->dir, name);
}

/* ---- the log on disk ---- */

static int take_entry(struct channel_home *home, const uint8_t *data, size_t len)
{
    size_t held_len;
    const uint8_t *held = channel_log_entry(home->log, home->saved, &held_len);
    if (held && (held_len != len || memcmp(held, data, len) != 0))
        return CHANNEL_LOG_ERR_FORK;
    if (!held) {
        int err = channel_log_append(home->log, data, len);
        if (err < 0)
            return err;
    }
    home->saved++;
    home->offset += 2 + len;
    return 0;
}

/* Entries behind offset: all of them at first, later those that another process added. A torn last one is
 * left out, and written over by the next append. */
static int read_tail(struct channel_home *home)
{
    struct stat st;
    if (fstat(home->log_fd, &st) != 0)
        return refuse_file(home, "log", -errno);
    while (home->offset + 2 <= (uint64_t)st.st_size) {
        uint8_t entry[2 + CHANNEL_LOG_ENTRY_MAX];
        ssize_t n = pread(home->log_fd, entry, sizeof entry, (off_t)home->offset);
        if (n < 0)
            return refuse_file(home, "log", -errno);
        if (n < 2)
            break;
        size_t len = channel_get_u16(entry);
        if (len > CHANNEL_LOG_ENTRY_MAX)
            return refuse_damaged(home, "log");
        if (len > (size_t)n - 2)
            break;
        int err = take_entry(home, entry + 2, len);
        if (err == CHANNEL_LOG_ERR_NOMEM)
            return refuse(home, CHANNEL_HOME_ERR_NOMEM, "Out of memory.");
        if (err < 0)
            return refuse_damaged(home, "log");
    }
    return 0;
}

static int write_head(struct channel_home *home)
{
    uint8_t head[HEAD_LEN];
    channel_put_u64(head, home->saved);
    if (home->saved == 0 || !channel_log_hash_at(home->log, home->saved - 1, head + 8))
        return 0;
    int err = channel_file_write(home->dir_fd, "head", head, sizeof head);
    return err < 0 ? refuse_file(home, "head", err) : 0;
}

static int write_tail(struct channel_home *home)
{
    if (home->saved == channel_log_count(home->log))
        return 0;
    if (ftruncate(home->log_fd, (off_t)home->offset) != 0)
        return refuse_file(home, "log", -errno);
    while (home->saved < channel_log_count(home->log)) {
        uint8_t bytes[2 + CHANNEL_LOG_ENTRY_MAX];
        size_t len;
        const uint8_t *entry = channel_log_entry(home->log, home->saved, &len);
        channel_put_u16(bytes, (uint16_t)len);
        memcpy(bytes + 2, entry, len);
        int err = channel_file_put(home->log_fd, bytes, 2 + len, home->offset);
        if (err < 0)
            return refuse_file(home, "log", err);
        home->saved++;
        home->offset += 2 + len;
    }
    if (fsync(home->log_fd) != 0)
        return refuse_file(home, "log", -errno);
    return write_head(home);
}

static int check_head(struct channel_home *home)
{
    uint8_t head[HEAD_LEN];
    int n = channel_file_read(home->dir_fd, "head", head, sizeof head);
    if (n == -ENOENT)
        return 0;
    if (n < 0)
        return refuse_file(home, "head", n);
    if (n != HEAD_LEN)
        return refuse_damaged(home, "head");
    if (channel_log_contains(home->log, channel_get_u64(head), head + 8) != 1)
        return refuse(home, CHANNEL_HOME_ERR_ROLLBACK,
            "The account log in %s is older or another than the one seen before. Put the files back as they "
            "were, "
            "or enrol this program again with another home.",
            home->dir);
    return 0;
}

/* ---- loading ---- */

static int load_keys(struct channel_home *home)
{
    uint8_t data[KEYS_LEN];
    int n = channel_file_read(home->dir_fd, "keys", data, sizeof data);
    if (n == -ENOENT)
        return 0;
    if (n < 0)
        return refuse_file(home, "keys", n);
    if (n != KEYS_LEN || data[0] != 1)
        return refuse_damaged(home, "keys");
    channel_keys_from(&home->keys, data + 1, data + 33);
    sodium_memzero(data, sizeof data);
    channel_device_id(home->device_id, home->keys.sign_public, home->keys.dh_public);
    home->has_keys = true;
    return 0;
}

static bool copy_text(char *out, size_t cap, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = text ? json_string_length(value) : 0;
    if (!text || len >= cap || strlen(text) != len)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool parse_home(struct channel_home *home, const json_t *json)
{
    char root[129];
    uint8_t keys[64];
    size_t len = 0;
    bool ok = json_integer_value(json_object_get(json, "version")) == 1 &&
              copy_text(home->broker, sizeof home->broker, json_object_get(json, "broker")) &&
              copy_text(home->account, sizeof home->account, json_object_get(json, "account")) &&
              copy_text(home->pin, sizeof home->pin, json_object_get(json, "pin")) &&
              copy_text(root, sizeof root, json_object_get(json, "root")) &&
              sodium_hex2bin(keys, sizeof keys, root, strlen(root), NULL, &len, NULL) == 0 &&
              len == sizeof keys;
    if (ok) {
        memcpy(home->root_sign, keys, 32);
        memcpy(home->root_dh, keys + 32, 32);
    }
    return ok;
}

static int load_home(struct channel_home *home)
{
    uint8_t data[JSON_MAX];
    int n = channel_file_read(home->dir_fd, "home", data, sizeof data);
    if (n == -ENOENT)
        return 0;
    if (n < 0)
        return refuse_file(home, "home", n);
    json_t *json = json_loadb((const char *)data, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
    bool ok = parse_home(home, json);
    json_decref(json);
    if (!ok)
        return refuse_damaged(home, "home");
    home->enrolled = true;
    return 0;
}

static int load_log(struct channel_home *home)
{
    uint8_t account[16], root_sign[32], root_dh[32];
    int err = flock(home->lock_fd, LOCK_EX) == 0 ? 0 : refuse_file(home, "lock", -errno);
    if (err == 0)
        err = read_tail(home);
    if (err == 0)
        err = check_head(home);
    (void)flock(home->lock_fd, LOCK_UN);
    if (err < 0)
        return err;
    if (!channel_log_account(home->log, account, root_sign, root_dh) ||
        memcmp(root_sign, home->root_sign, 32) != 0 || memcmp(root_dh, home->root_dh, 32) != 0)
        return refuse_damaged(home, "log");
    return 0;
}

static int open_files(struct channel_home *home)
{
    int err = channel_dir_make(home->dir);
    if (err < 0)
        return refuse(home, CHANNEL_HOME_ERR_IO, "%s cannot be made: %s", home->dir, strerror(-err));
    home->dir_fd = channel_dir_open(home->dir);
    if (home->dir_fd == -EACCES)
        return refuse(home, CHANNEL_HOME_ERR_ACCESS,
            "%s holds keys and can be read by others, or belongs to another user. Make it private: chmod 700 "
            "%s",
            home->dir, home->dir);
    if (home->dir_fd < 0)
        return refuse(
            home, CHANNEL_HOME_ERR_IO, "%s cannot be opened: %s", home->dir, strerror(-home->dir_fd));
    home->lock_fd = channel_file_open(home->dir_fd, "lock");
    if (home->lock_fd < 0)
        return refuse_file(home, "lock", home->lock_fd);
    home->log_fd = channel_file_open(home->dir_fd, "log");
    return home->log_fd < 0 ? refuse_file(home, "log", home->log_fd) : 0;
}

static int choose_dir(struct channel_home *home, const char *dir)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *user = getenv("HOME");
    int n;
    if (dir && *dir)
        n = snprintf(home->dir, sizeof home->dir, "%s", dir);
    else if (config && *config == '/')
        n = snprintf(home->dir, sizeof home->dir, "%s/hearth", config);
    else if (user && *user == '/')
        n = snprintf(home->dir, sizeof home->dir, "%s/.config/hearth", user);
    else
        return refuse(home, CHANNEL_HOME_ERR_IO, "There is no home directory. Name one with --home.");
    if (n < 0 || (size_t)n >= sizeof home->dir)
        return refuse(home, CHANNEL_HOME_ERR_IO, "The path of the home is too long.");
    return 0;
}

int channel_home_load(const char *dir, struct channel_home **out, char *why, size_t cap)
{
    struct channel_home *home = calloc(1, sizeof *home);
    int err = CHANNEL_HOME_ERR_NOMEM;
    if (home) {
        home->dir_fd = home->lock_fd = home->log_fd = -1;
        home->log = channel_log_create();
        err = home->log ? choose_dir(home, dir) : refuse(home, CHANNEL_HOME_ERR_NOMEM, "Out of memory.");
    }
    if (err == 0)
        err = open_files(home);
    if (err == 0)
        err = load_keys(home);
    if (err == 0)
        err = load_home(home);
    if (err == 0 && home->enrolled)
        err = load_log(home);
    if (err < 0) {
        if (why && cap)
            (void)snprintf(why, cap, "%s", home ? home->why : "Out of memory.");
        channel_home_destroy(home);
        return err;
    }
    *out = home;
    return 0;
}

void channel_home_destroy(struct channel_home *home)
{
    if (!home)
        return;
    int fds[] = {home->log_fd, home->lock_fd, home->dir_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    channel_log_destroy(home->log);
    sodium_memzero(home, sizeof *home);
    free(home);
}

/* ---- keys ---- */

int channel_home_make_keys(struct channel_home *home)
{
    if (home->has_keys)
        return 0;
    uint8_t data[KEYS_LEN];
    struct channel_keys keys;
    channel_keys_make(&keys);
    data[0] = 1;
    memcpy(data + 1, keys.sign_seed, 32);
    memcpy(data + 33, keys.dh_secret, 32);
    int err = channel_file_write(home->dir_fd, "keys", data, sizeof data);
    sodium_memzero(data, sizeof data);
    if (err == 0) {
        home->keys = keys;
        channel_device_id(home->device_id, keys.sign_public, keys.dh_public);
        home->has_keys = true;
    }
    channel_keys_wipe(&keys);
    return err < 0 ? refuse_file(home, "keys", err) : 0;
}

bool channel_home_has_keys(const struct channel_home *home)
{
    return home->has_keys;
}

const uint8_t *channel_home_device_id(const struct channel_home *home)
{
    return home->has_keys ? home->device_id : NULL;
}

const uint8_t *channel_home_sign_public(const struct channel_home *home)
{
    return home->has_keys ? home->keys.sign_public : NULL;
}

const uint8_t *channel_home_dh_public(const struct channel_home *home)
{
    return home->has_keys ? home->keys.dh_public : NULL;
}

int channel_home_sign(const struct channel_home *home, uint8_t out[static CHANNEL_SIGNATURE_LEN],
    const uint8_t *message, size_t len)
{
    if (!home->has_keys)
        return -1;
    channel_keys_sign(&home->keys, out, message, len);
    return 0;
}

int channel_home_dh(const struct channel_home *home, uint8_t out[static 32], const uint8_t point[static 32])
{
    return home->has_keys ? channel_crypto_x25519(out, home->keys.dh_secret, point) : -1;
}

/* ---- the account ---- */

static int write_home(struct channel_home *home, const char *broker, const char *account, const char *pin,
    const uint8_t root_sign[static 32], const uint8_t root_dh[static 32])
{
    char root[129];
    uint8_t keys[64];
    memcpy(keys, root_sign, 32);
    memcpy(keys + 32, root_dh, 32);
    (void)sodium_bin2hex(root, sizeof root, keys, sizeof keys);
    json_t *json = json_pack("{s:i, s:s, s:s, s:s, s:s}", "version", 1, "broker", broker, "account", account,
        "root", root, "pin", pin);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return refuse(home, CHANNEL_HOME_ERR_NOMEM, "Out of memory.");
    int err = channel_file_write(home->dir_fd, "home", (const uint8_t *)text, strlen(text));
    free(text);
    if (err < 0)
        return refuse_file(home, "home", err);
    memmove(home->broker, broker, strlen(broker) + 1);
    memmove(home->account, account, strlen(account) + 1);
    memmove(home->pin, pin, strlen(pin) + 1);
    memmove(home->root_sign, root_sign, 32);
    memmove(home->root_dh, root_dh, 32);
    home->enrolled = true;
    return 0;
}

/* Entries of log that are not there yet, to memory and disk. */
static int merge_log(struct channel_home *home, const struct channel_log *log)
{
    if (!home->enrolled && home->saved == 0)
        home->offset = 0; /* a log without its home file was left by an enrolment that did not finish */
    for (uint64_t seq = 0; seq < channel_log_count(log); seq++) {
        size_t len, held_len;
        const uint8_t *entry = channel_log_entry(log, seq, &len);
        const uint8_t *held = channel_log_entry(home->log, seq, &held_len);
        if (held && (held_len != len || memcmp(held, entry, len) != 0))
            return refuse(home, CHANNEL_HOME_ERR_STATE, "%s belongs to another account.", home->dir);
        int err = held ? 0 : channel_log_append(home->log, entry, len);
        if (err < 0)
            return refuse(home, err, "The account log is not valid: %s.", channel_log_strerror(err));
    }
    return write_tail(home);
}

int channel_home_save(struct channel_home *home, const char *broker_url, const char *account,
    const char *tls_pin, const struct channel_log *log)
{
    uint8_t id[16], root_sign[32], root_dh[32];
    const char *pin = tls_pin ? tls_pin : "";
    if (!home->has_keys)
        return refuse(home, CHANNEL_HOME_ERR_STATE, "This program has no keys yet.");
    if (strlen(broker_url) > CHANNEL_HOME_URL_MAX || strlen(account) > CHANNEL_HOME_ACCOUNT_MAX ||
        strlen(pin) > CHANNEL_HOME_PIN_MAX)
        return refuse(
            home, CHANNEL_HOME_ERR_FORMAT, "The broker's address or the account's name is too long.");
    const struct channel_device *device = channel_log_find(log, home->device_id);
    if (!channel_log_account(log, id, root_sign, root_dh) || !device || device->revoked)
        return refuse(home, CHANNEL_HOME_ERR_STATE, "The account does not hold this program.");
    if (home->enrolled &&
        (memcmp(root_sign, home->root_sign, 32) != 0 || memcmp(root_dh, home->root_dh, 32) != 0))
        return refuse(
            home, CHANNEL_HOME_ERR_STATE, "%s belongs to another account. Choose another home.", home->dir);
    if (flock(home->lock_fd, LOCK_EX) != 0)
        return refuse_file(home, "lock", -errno);
    int err = merge_log(home, log);
    if (err == 0)
        err = write_home(home, broker_url, account, pin, root_sign, root_dh);
    (void)flock(home->lock_fd, LOCK_UN);
    return err;
}

int channel_home_set_broker(struct channel_home *home, const char *broker_url, const char *tls_pin)
{
    if (!home->enrolled)
        return refuse(home, CHANNEL_HOME_ERR_STATE, "This program is not signed in yet.");
    if (strlen(broker_url) > CHANNEL_HOME_URL_MAX || (tls_pin && strlen(tls_pin) > CHANNEL_HOME_PIN_MAX))
        return refuse(home, CHANNEL_HOME_ERR_FORMAT, "The broker's address is too long.");
    return write_home(
        home, broker_url, home->account, tls_pin ? tls_pin : "", home->root_sign, home->root_dh);
}

int channel_home_append(struct channel_home *home, const uint8_t *entry, size_t len)
{
    if (!home->enrolled)
        return refuse(home, CHANNEL_HOME_ERR_STATE, "This program is not signed in yet.");
    if (flock(home->lock_fd, LOCK_EX) != 0)
        return refuse_file(home, "lock", -errno);
    int err = read_tail(home); /* what another program of this home added */
    if (err == 0) {
        size_t held_len = 0;
        uint64_t seq = len >= 12 ? channel_get_u64(entry + 4) : UINT64_MAX;
        const uint8_t *held = channel_log_entry(home->log, seq, &held_len);
        bool there = held && held_len == len && memcmp(held, entry, len) == 0;
        if (!there)
            err = channel_log_append(home->log, entry, len);
        if (err < 0)
            (void)refuse(home, err, "The entry is not valid: %s.", channel_log_strerror(err));
    }
    if (err == 0)
        err = write_tail(home);
    (void)flock(home->lock_fd, LOCK_UN);
    return err;
}

bool channel_home_enrolled(const struct channel_home *home)
{
    return home->enrolled;
}

const char *channel_home_broker(const struct channel_home *home)
{
    return home->broker;
}

const char *channel_home_account(const struct channel_home *home)
{
    return home->account;
}

const char *channel_home_pin(const struct channel_home *home)
{
    return home->pin;
}

const char *channel_home_dir(const struct channel_home *home)
{
    return home->dir;
}

const char *channel_home_why(const struct channel_home *home)
{
    return home->why;
}

const struct channel_log *channel_home_log(const struct channel_home *home)
{
    return home->log;
}
