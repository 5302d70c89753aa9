/* The account log for the page: every entry that the worker believes passed through here. */
#include <string.h>

#include "channel/identity/log.h"
#include "viewer/core/wasm.h"

/* As the worker reads it. */
struct viewer_device {
    uint8_t id[16];
    uint8_t sign_public[32], dh_public[32];
    uint32_t role, rights, revoked, name_len;
    double not_before_ms, not_after_ms, added_ms, added_seq;
    char name[CHANNEL_LOG_NAME_MAX];
};
_Static_assert(offsetof(struct viewer_device, role) == 80 && offsetof(struct viewer_device, name) == 128 &&
                   sizeof(struct viewer_device) == 192,
    "layout read by wasm.ts");

struct channel_log *hearth_log_create(void);
void hearth_log_destroy(struct channel_log *log);
int hearth_log_append(struct channel_log *log, const uint8_t *entry, size_t len);
double hearth_log_count(const struct channel_log *log);
int hearth_log_hash_at(const struct channel_log *log, double seq, uint8_t *out);
const uint8_t *hearth_log_entry(const struct channel_log *log, double seq, size_t *out_len);
int hearth_log_account(const struct channel_log *log, uint8_t *out);
size_t hearth_log_device_count(const struct channel_log *log);
int hearth_log_device(const struct channel_log *log, size_t index, struct viewer_device *out);
void hearth_account_id(uint8_t *out, const uint8_t *root_sign, const uint8_t *root_dh);
void hearth_device_id(uint8_t *out, const uint8_t *sign_public, const uint8_t *dh_public);
int hearth_log_make_genesis(
    uint8_t *out, size_t cap, const uint8_t *root_sign, const uint8_t *root_dh, double time_ms);
int hearth_log_make_add(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    double time_ms, const struct viewer_device *device);
int hearth_log_make_revoke(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    double time_ms, const uint8_t *device);
int hearth_log_make_rename(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    double time_ms, const uint8_t *device, const char *name);
int hearth_log_make_recovery(const struct channel_log *log, uint8_t *out, size_t cap, double time_ms);
int hearth_log_signing_input(uint8_t *out, size_t cap, const uint8_t *entry, size_t len);
int hearth_log_head_write(const struct channel_log *log, uint8_t *out, size_t cap);
int hearth_log_judge_head(const struct channel_log *log, const uint8_t *payload, size_t len);
int hearth_log_contains(const struct channel_log *log, double count, const uint8_t *hash);

VIEWER_EXPORT("hearth_log_create") struct channel_log *hearth_log_create(void)
{
    return channel_log_create();
}

VIEWER_EXPORT("hearth_log_destroy") void hearth_log_destroy(struct channel_log *log)
{
    channel_log_destroy(log);
}

VIEWER_EXPORT("hearth_log_append")
int hearth_log_append(struct channel_log *log, const uint8_t *entry, size_t len)
{
    return channel_log_append(log, entry, len);
}

VIEWER_EXPORT("hearth_log_count") double hearth_log_count(const struct channel_log *log)
{
    return (double)channel_log_count(log);
}

VIEWER_EXPORT("hearth_log_hash_at")
int hearth_log_hash_at(const struct channel_log *log, double seq, uint8_t *out)
{
    return channel_log_hash_at(log, viewer_from_double(seq), out);
}

VIEWER_EXPORT("hearth_log_entry")
const uint8_t *hearth_log_entry(const struct channel_log *log, double seq, size_t *out_len)
{
    return channel_log_entry(log, viewer_from_double(seq), out_len);
}

/* account id 16 | root Ed25519 32 | root X25519 32; 0 when the log is empty. */
VIEWER_EXPORT("hearth_log_account") int hearth_log_account(const struct channel_log *log, uint8_t *out)
{
    return channel_log_account(log, out, out + 16, out + 48);
}

VIEWER_EXPORT("hearth_log_device_count") size_t hearth_log_device_count(const struct channel_log *log)
{
    return channel_log_device_count(log);
}

VIEWER_EXPORT("hearth_log_device")
int hearth_log_device(const struct channel_log *log, size_t index, struct viewer_device *out)
{
    const struct channel_device *device = channel_log_device(log, index);
    if (!device)
        return 0;
    *out = (struct viewer_device){
        .role = (uint32_t)device->role,
        .rights = device->rights,
        .revoked = device->revoked,
        .name_len = (uint32_t)strlen(device->name),
        .not_before_ms = (double)device->not_before_ms,
        .not_after_ms = (double)device->not_after_ms,
        .added_ms = (double)device->added_ms,
        .added_seq = (double)device->added_seq,
    };
    memcpy(out->id, device->id, sizeof out->id);
    memcpy(out->sign_public, device->sign_public, sizeof out->sign_public);
    memcpy(out->dh_public, device->dh_public, sizeof out->dh_public);
    memcpy(out->name, device->name, out->name_len);
    return 1;
}

VIEWER_EXPORT("hearth_account_id")
void hearth_account_id(uint8_t *out, const uint8_t *root_sign, const uint8_t *root_dh)
{
    channel_account_id(out, root_sign, root_dh);
}

VIEWER_EXPORT("hearth_device_id")
void hearth_device_id(uint8_t *out, const uint8_t *sign_public, const uint8_t *dh_public)
{
    channel_device_id(out, sign_public, dh_public);
}

VIEWER_EXPORT("hearth_log_make_genesis")
int hearth_log_make_genesis(
    uint8_t *out, size_t cap, const uint8_t *root_sign, const uint8_t *root_dh, double time_ms)
{
    return channel_log_make_genesis(out, cap, root_sign, root_dh, viewer_from_double(time_ms));
}

VIEWER_EXPORT("hearth_log_make_add")
int hearth_log_make_add(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    double time_ms, const struct viewer_device *device)
{
    struct channel_device made = {
        .role = (enum channel_device_role)device->role,
        .rights = device->rights,
        .not_before_ms = viewer_from_double(device->not_before_ms),
        .not_after_ms = viewer_from_double(device->not_after_ms),
    };
    if (device->name_len > CHANNEL_LOG_NAME_MAX)
        return CHANNEL_LOG_ERR_FORMAT;
    memcpy(made.name, device->name, device->name_len);
    memcpy(made.id, device->id, sizeof made.id);
    memcpy(made.sign_public, device->sign_public, sizeof made.sign_public);
    memcpy(made.dh_public, device->dh_public, sizeof made.dh_public);
    return channel_log_make_add(log, out, cap, signer, viewer_from_double(time_ms), &made);
}

VIEWER_EXPORT("hearth_log_make_revoke")
int hearth_log_make_revoke(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    double time_ms, const uint8_t *device)
{
    return channel_log_make_revoke(log, out, cap, signer, viewer_from_double(time_ms), device);
}

VIEWER_EXPORT("hearth_log_make_rename")
int hearth_log_make_rename(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    double time_ms, const uint8_t *device, const char *name)
{
    return channel_log_make_rename(log, out, cap, signer, viewer_from_double(time_ms), device, name);
}

VIEWER_EXPORT("hearth_log_make_recovery")
int hearth_log_make_recovery(const struct channel_log *log, uint8_t *out, size_t cap, double time_ms)
{
    return channel_log_make_recovery(log, out, cap, viewer_from_double(time_ms));
}

VIEWER_EXPORT("hearth_log_signing_input")
int hearth_log_signing_input(uint8_t *out, size_t cap, const uint8_t *entry, size_t len)
{
    return channel_log_signing_input(out, cap, entry, len);
}

VIEWER_EXPORT("hearth_log_head_write")
int hearth_log_head_write(const struct channel_log *log, uint8_t *out, size_t cap)
{
    return channel_log_head_write(log, out, cap);
}

/* A peer's handshake payload: 1 our log holds its head, 0 we have fewer entries, below 0 an error. */
VIEWER_EXPORT("hearth_log_judge_head")
int hearth_log_judge_head(const struct channel_log *log, const uint8_t *payload, size_t len)
{
    uint64_t count = 0;
    uint8_t hash[32] = {0};
    const int err = channel_log_head_parse(payload, len, &count, hash);
    return err < 0 ? err : channel_log_contains(log, count, hash);
}

VIEWER_EXPORT("hearth_log_contains")
int hearth_log_contains(const struct channel_log *log, double count, const uint8_t *hash)
{
    return channel_log_contains(log, viewer_from_double(count), hash);
}
