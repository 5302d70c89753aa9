#include "channel/identity/enroll.h"

#include "channel/core/bytes.h"
#include "channel/identity/cpace.h"
#include "channel/identity/entry.h"

#include <stdlib.h>

enum {
    TYPE_1 = 1,
    TYPE_2 = 2,
    TYPE_3 = 3,
    TYPE_4 = 4,
    TYPE_5 = 5,
    MESSAGE_1_LEN = 1 + CHANNEL_CPACE_SID_LEN + 32,
    TAG_LEN = 64,
    PC_MAX = 1 + 32 + 32 + 1 + 64 + 1 + 64 /* plaintext of message 2 */
};

static const char channel_id[] = "hearth-enroll-1";

enum state {
    APPROVER_NEW,
    APPROVER_STARTED, /* message 1 is out */
    APPROVER_KNOWS,   /* message 2 came: who asks */
    APPROVER_SENT,    /* message 3 is out, then parts of the log as they are asked for */
    PC_WAITING,
    PC_ANSWERED, /* message 2 is out */
    PC_READING,  /* message 3 came; more of the log is to come */
    DONE,
    FAILED
};

struct channel_enroll {
    enum state state;
    char code[CHANNEL_CODE_LEN];
    struct channel_enroll_pc pc;
    uint8_t sid[CHANNEL_CPACE_SID_LEN], scalar[32];
    struct channel_cpace_share a, b;
    uint8_t isk[64], key_ab[32], key_ba[32];
    uint8_t *entries; /* approver: the log as message 3 and the parts after it carry it */
    size_t entries_len, entries_pos;
    uint64_t parts, answers; /* messages 5 and 4 so far: each has its own nonce */
    struct channel_log *log; /* PC: what it was given */
    uint64_t log_count;      /* ... and how long it will be */
    uint8_t account_id[CHANNEL_ID_LEN];
    char account[CHANNEL_LOG_NAME_MAX + 1];
};

const char *channel_enroll_strerror(int err)
{
    switch ((enum channel_enroll_error)err) {
    case CHANNEL_ENROLL_OK:
        return "no error";
    case CHANNEL_ENROLL_ERR_FORMAT:
        return "not an enrolment message";
    case CHANNEL_ENROLL_ERR_CODE:
        return "the code is not the one the other side has";
    case CHANNEL_ENROLL_ERR_LOG:
        return "the account log is not valid, or does not hold this PC";
    case CHANNEL_ENROLL_ERR_STATE:
        return "not possible now";
    case CHANNEL_ENROLL_ERR_NOMEM:
        return "out of memory";
    }
    return "unknown error";
}

static struct channel_enroll *create(enum state state, const char code[static CHANNEL_CODE_LEN])
{
    struct channel_enroll *enroll = calloc(1, sizeof *enroll);
    if (!enroll)
        return NULL;
    enroll->state = state;
    memcpy(enroll->code, code, CHANNEL_CODE_LEN);
    return enroll;
}

struct channel_enroll *channel_enroll_create_approver(const char code[static CHANNEL_CODE_LEN])
{
    return create(APPROVER_NEW, code);
}

struct channel_enroll *channel_enroll_create_pc(const char code[static CHANNEL_CODE_LEN],
    const uint8_t sign_public[static 32], const uint8_t dh_public[static 32], const char *name,
    const char *os)
{
    size_t name_len = channel_text_len(name, CHANNEL_LOG_NAME_MAX + 1);
    size_t os_len = channel_text_len(os, CHANNEL_LOG_NAME_MAX + 1);
    if (!channel_name_valid(name, name_len) || (os_len && !channel_name_valid(os, os_len)))
        return NULL;
    struct channel_enroll *enroll = create(PC_WAITING, code);
    if (!enroll)
        return NULL;
    memcpy(enroll->pc.sign_public, sign_public, 32);
    memcpy(enroll->pc.dh_public, dh_public, 32);
    memcpy(enroll->pc.name, name, name_len);
    memcpy(enroll->pc.os, os, os_len);
    return enroll;
}

void channel_enroll_destroy(struct channel_enroll *enroll)
{
    if (!enroll)
        return;
    channel_log_destroy(enroll->log);
    free(enroll->entries);
    channel_crypto_wipe(enroll, sizeof *enroll);
    free(enroll);
}

/* ---- CPace and the keys it gives ---- */

static int make_share(struct channel_enroll *enroll, uint8_t share[static 32])
{
    uint8_t generator[32];
    channel_cpace_generator(generator, (const uint8_t *)enroll->code, CHANNEL_CODE_LEN,
        (const uint8_t *)channel_id, sizeof channel_id - 1, enroll->sid);
    channel_crypto_ristretto_random_scalar(enroll->scalar);
    int err = channel_crypto_ristretto_mul(share, enroll->scalar, generator);
    channel_crypto_wipe(generator, sizeof generator);
    return err < 0 ? CHANNEL_ENROLL_ERR_FORMAT : 0;
}

static int make_keys(struct channel_enroll *enroll, const uint8_t peer[static 32])
{
    static const char to_b[] = "hearth enroll a->b", to_a[] = "hearth enroll b->a";
    if (channel_cpace_isk(enroll->isk, enroll->sid, enroll->scalar, peer, &enroll->a, &enroll->b) < 0)
        return CHANNEL_ENROLL_ERR_FORMAT;
    channel_crypto_hkdf(enroll->key_ab, 32, NULL, 0, enroll->isk, 64, (const uint8_t *)to_b, sizeof to_b - 1);
    channel_crypto_hkdf(enroll->key_ba, 32, NULL, 0, enroll->isk, 64, (const uint8_t *)to_a, sizeof to_a - 1);
    channel_crypto_wipe(enroll->scalar, sizeof enroll->scalar);
    return 0;
}

static bool tag_fits(const struct channel_enroll *enroll, const uint8_t tag[static TAG_LEN],
    const struct channel_cpace_share *share)
{
    uint8_t expected[TAG_LEN];
    channel_cpace_tag(expected, enroll->isk, enroll->sid, share);
    return channel_crypto_equal(expected, tag, TAG_LEN);
}

/* ---- the approver ---- */

int channel_enroll_start(struct channel_enroll *enroll, uint8_t *out, size_t cap)
{
    if (enroll->state != APPROVER_NEW || cap < MESSAGE_1_LEN)
        return CHANNEL_ENROLL_ERR_STATE;
    channel_crypto_random(enroll->sid, sizeof enroll->sid);
    int err = make_share(enroll, enroll->a.y);
    if (err < 0)
        return err;
    out[0] = TYPE_1;
    memcpy(out + 1, enroll->sid, sizeof enroll->sid);
    memcpy(out + 1 + sizeof enroll->sid, enroll->a.y, 32);
    enroll->state = APPROVER_STARTED;
    return MESSAGE_1_LEN;
}

/* u8 len | text of at most 64 bytes at data + *pos. */
static int read_text(const uint8_t *data, size_t len, size_t *pos, bool may_be_empty,
    char out[static CHANNEL_LOG_NAME_MAX + 1])
{
    if (*pos >= len)
        return CHANNEL_ENROLL_ERR_FORMAT;
    size_t n = data[(*pos)++];
    if (n > len - *pos || n > CHANNEL_LOG_NAME_MAX)
        return CHANNEL_ENROLL_ERR_FORMAT;
    if (!(n == 0 && may_be_empty) && !channel_name_valid((const char *)data + *pos, n))
        return CHANNEL_ENROLL_ERR_FORMAT;
    memcpy(out, data + *pos, n);
    out[n] = '\0';
    *pos += n;
    return 0;
}

/* u8 1 | Ed25519 32 | X25519 32 | u8 len, name | u8 len, os */
static int read_pc(const uint8_t *data, size_t len, struct channel_enroll_pc *out)
{
    struct channel_enroll_pc pc;
    size_t pos = 65;
    if (len < pos || data[0] != 1)
        return CHANNEL_ENROLL_ERR_FORMAT;
    memcpy(pc.sign_public, data + 1, 32);
    memcpy(pc.dh_public, data + 33, 32);
    int err = read_text(data, len, &pos, false, pc.name);
    if (err == 0)
        err = read_text(data, len, &pos, true, pc.os);
    if (err < 0)
        return err;
    if (pos != len)
        return CHANNEL_ENROLL_ERR_FORMAT;
    *out = pc;
    return 0;
}

static int receive_2(struct channel_enroll *enroll, const uint8_t *data, size_t len)
{
    size_t fixed = 1 + 32 + TAG_LEN;
    if (len < fixed + CHANNEL_TAG_LEN || len > fixed + PC_MAX + CHANNEL_TAG_LEN)
        return CHANNEL_ENROLL_ERR_FORMAT;
    memcpy(enroll->b.y, data + 1, 32);
    int err = make_keys(enroll, enroll->b.y);
    if (err < 0)
        return err;
    uint8_t plain[PC_MAX];
    if (!tag_fits(enroll, data + 33, &enroll->b) ||
        channel_crypto_open(plain, enroll->key_ba, TYPE_2, NULL, 0, data + fixed, len - fixed) < 0)
        return CHANNEL_ENROLL_ERR_CODE;
    err = read_pc(plain, len - fixed - CHANNEL_TAG_LEN, &enroll->pc);
    if (err == 0)
        enroll->state = APPROVER_KNOWS;
    return err;
}

const struct channel_enroll_pc *channel_enroll_pc(const struct channel_enroll *enroll)
{
    return enroll->state == APPROVER_KNOWS || enroll->state == APPROVER_SENT || enroll->state == DONE
               ? &enroll->pc
               : NULL;
}

/* The whole log as it travels: each entry u16 length | bytes. */
static int copy_entries(struct channel_enroll *enroll, const struct channel_log *log)
{
    size_t total = 0, pos = 0, len = 0;
    for (uint64_t seq = 0; channel_log_entry(log, seq, &len); seq++)
        total += 2 + len;
    uint8_t *entries = malloc(total ? total : 1);
    if (!entries)
        return CHANNEL_ENROLL_ERR_NOMEM;
    for (uint64_t seq = 0; seq < channel_log_count(log); seq++) {
        const uint8_t *entry = channel_log_entry(log, seq, &len);
        channel_put_u16(entries + pos, (uint16_t)len);
        memcpy(entries + pos + 2, entry, len);
        pos += 2 + len;
    }
    free(enroll->entries);
    enroll->entries = entries;
    enroll->entries_len = total;
    enroll->entries_pos = 0;
    return 0;
}

/* As many whole entries as fit into cap bytes; 0 when none does. */
static size_t take_entries(struct channel_enroll *enroll, uint8_t *out, size_t cap)
{
    const uint8_t *from = enroll->entries + enroll->entries_pos;
    size_t left = enroll->entries_len - enroll->entries_pos, len = 0;
    while (len < left) {
        size_t next = 2 + (size_t)channel_get_u16(from + len);
        if (next > cap - len)
            break;
        len += next;
    }
    memcpy(out, from, len);
    enroll->entries_pos += len;
    return len;
}

/* u8 1 | account id 16 | u8 len, account name | u32 count, entries. Returns its length or an error. */
static int write_log(struct channel_enroll *enroll, uint8_t *out, size_t cap, const char *account,
    const struct channel_log *log)
{
    uint8_t root_sign[32], root_dh[32];
    size_t name_len = channel_text_len(account, CHANNEL_LOG_NAME_MAX + 1);
    if (!channel_name_valid(account, name_len) || cap < 1 + 16 + 1 + CHANNEL_LOG_NAME_MAX + 4)
        return CHANNEL_ENROLL_ERR_FORMAT;
    out[0] = 1;
    if (!channel_log_account(log, out + 1, root_sign, root_dh))
        return CHANNEL_ENROLL_ERR_LOG;
    out[17] = (uint8_t)name_len;
    memcpy(out + 18, account, name_len);
    size_t pos = 18 + name_len;
    channel_put_u32(out + pos, (uint32_t)channel_log_count(log));
    pos += 4;
    int err = copy_entries(enroll, log);
    return err < 0 ? err : (int)(pos + take_entries(enroll, out + pos, cap - pos));
}

int channel_enroll_approve(struct channel_enroll *enroll, const char *account, const struct channel_log *log,
    uint8_t *out, size_t cap)
{
    uint8_t id[CHANNEL_ID_LEN];
    if (enroll->state != APPROVER_KNOWS)
        return CHANNEL_ENROLL_ERR_STATE;
    channel_device_id(id, enroll->pc.sign_public, enroll->pc.dh_public);
    const struct channel_device *device = channel_log_find(log, id);
    if (!device || device->revoked)
        return CHANNEL_ENROLL_ERR_LOG;
    if (cap > CHANNEL_ENROLL_MESSAGE_MAX)
        cap = CHANNEL_ENROLL_MESSAGE_MAX;
    size_t fixed = 1 + TAG_LEN;
    if (cap < fixed + CHANNEL_TAG_LEN)
        return CHANNEL_ENROLL_ERR_STATE;
    size_t room = cap - fixed - CHANNEL_TAG_LEN;
    uint8_t *plain = malloc(room ? room : 1);
    if (!plain)
        return CHANNEL_ENROLL_ERR_NOMEM;
    int len = write_log(enroll, plain, room, account, log);
    if (len > 0) {
        out[0] = TYPE_3;
        channel_cpace_tag(out + 1, enroll->isk, enroll->sid, &enroll->a);
        channel_crypto_seal(out + fixed, enroll->key_ab, TYPE_3, NULL, 0, plain, (size_t)len);
        len += (int)fixed + CHANNEL_TAG_LEN;
        enroll->state = APPROVER_SENT;
    }
    free(plain);
    return len;
}

/* A nonce for each message of a type: the type alone for the first one. */
static uint64_t nonce_of(uint8_t type, uint64_t number)
{
    return number << 8 | type;
}

/* Message 5: the next part of the log. */
static int write_part(struct channel_enroll *enroll, uint8_t *out, size_t cap, size_t *out_len)
{
    if (cap > CHANNEL_ENROLL_MESSAGE_MAX)
        cap = CHANNEL_ENROLL_MESSAGE_MAX;
    size_t fixed = 1 + CHANNEL_TAG_LEN;
    if (enroll->entries_pos == enroll->entries_len)
        return CHANNEL_ENROLL_ERR_FORMAT; /* it asks for more than there is */
    if (cap < fixed + 2 + CHANNEL_LOG_ENTRY_MAX)
        return CHANNEL_ENROLL_ERR_STATE;
    uint8_t *plain = malloc(cap - fixed);
    if (!plain)
        return CHANNEL_ENROLL_ERR_NOMEM;
    size_t len = take_entries(enroll, plain, cap - fixed);
    out[0] = TYPE_5;
    channel_crypto_seal(out + 1, enroll->key_ab, nonce_of(TYPE_5, enroll->parts++), NULL, 0, plain, len);
    *out_len = fixed + len;
    free(plain);
    return 0;
}

/* u8 0: more of the log, u8 1: it is whole, checked and stored. */
static int receive_4(
    struct channel_enroll *enroll, const uint8_t *data, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    uint8_t plain[1];
    if (len != 1 + 1 + CHANNEL_TAG_LEN)
        return CHANNEL_ENROLL_ERR_FORMAT;
    if (channel_crypto_open(
            plain, enroll->key_ba, nonce_of(TYPE_4, enroll->answers), NULL, 0, data + 1, len - 1) < 0)
        return CHANNEL_ENROLL_ERR_CODE;
    enroll->answers++;
    if (plain[0] == 0)
        return write_part(enroll, out, cap, out_len);
    if (plain[0] != 1 || enroll->entries_pos != enroll->entries_len)
        return CHANNEL_ENROLL_ERR_FORMAT;
    enroll->state = DONE;
    return 0;
}

/* ---- the PC ---- */

static int receive_1(
    struct channel_enroll *enroll, const uint8_t *data, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    if (len != MESSAGE_1_LEN)
        return CHANNEL_ENROLL_ERR_FORMAT;
    memcpy(enroll->sid, data + 1, sizeof enroll->sid);
    memcpy(enroll->a.y, data + 1 + sizeof enroll->sid, 32);
    int err = make_share(enroll, enroll->b.y);
    if (err == 0)
        err = make_keys(enroll, enroll->a.y);
    if (err < 0)
        return err;
    uint8_t plain[PC_MAX];
    size_t name_len = strlen(enroll->pc.name), os_len = strlen(enroll->pc.os);
    size_t n = 65;
    plain[0] = 1;
    memcpy(plain + 1, enroll->pc.sign_public, 32);
    memcpy(plain + 33, enroll->pc.dh_public, 32);
    plain[n++] = (uint8_t)name_len;
    memcpy(plain + n, enroll->pc.name, name_len);
    n += name_len;
    plain[n++] = (uint8_t)os_len;
    memcpy(plain + n, enroll->pc.os, os_len);
    n += os_len;
    size_t fixed = 1 + 32 + TAG_LEN;
    if (cap < fixed + n + CHANNEL_TAG_LEN)
        return CHANNEL_ENROLL_ERR_STATE;
    out[0] = TYPE_2;
    memcpy(out + 1, enroll->b.y, 32);
    channel_cpace_tag(out + 33, enroll->isk, enroll->sid, &enroll->b);
    channel_crypto_seal(out + fixed, enroll->key_ba, TYPE_2, NULL, 0, plain, n);
    *out_len = fixed + n + CHANNEL_TAG_LEN;
    enroll->state = PC_ANSWERED;
    return 0;
}

/* Entries of message 3 or 5, each checked as it joins the log. At least one, or it would go on for ever. */
static int read_entries(struct channel_enroll *enroll, const uint8_t *data, size_t len)
{
    size_t pos = 0;
    if (len == 0)
        return CHANNEL_ENROLL_ERR_FORMAT;
    while (pos < len) {
        if (len - pos < 2 || channel_log_count(enroll->log) >= enroll->log_count)
            return CHANNEL_ENROLL_ERR_FORMAT;
        size_t n = channel_get_u16(data + pos);
        pos += 2;
        if (n > len - pos)
            return CHANNEL_ENROLL_ERR_FORMAT;
        int err = channel_log_append(enroll->log, data + pos, n);
        if (err < 0)
            return err == CHANNEL_LOG_ERR_NOMEM ? CHANNEL_ENROLL_ERR_NOMEM : CHANNEL_ENROLL_ERR_LOG;
        pos += n;
    }
    return 0;
}

static int check_log(const struct channel_enroll *enroll)
{
    uint8_t held[16], root_sign[32], root_dh[32], id[16];
    if (!channel_log_account(enroll->log, held, root_sign, root_dh) ||
        memcmp(held, enroll->account_id, 16) != 0)
        return CHANNEL_ENROLL_ERR_LOG;
    channel_device_id(id, enroll->pc.sign_public, enroll->pc.dh_public);
    const struct channel_device *device = channel_log_find(enroll->log, id);
    return device && !device->revoked ? 0 : CHANNEL_ENROLL_ERR_LOG;
}

/* The plaintext of message 3. */
static int read_log(struct channel_enroll *enroll, const uint8_t *data, size_t len)
{
    size_t pos = 17;
    if (len < pos || data[0] != 1)
        return CHANNEL_ENROLL_ERR_FORMAT;
    memcpy(enroll->account_id, data + 1, sizeof enroll->account_id);
    int err = read_text(data, len, &pos, false, enroll->account);
    if (err < 0)
        return err;
    if (len - pos < 4)
        return CHANNEL_ENROLL_ERR_FORMAT;
    enroll->log_count = channel_get_u32(data + pos);
    pos += 4;
    if (enroll->log_count > CHANNEL_LOG_ENTRIES_MAX)
        return CHANNEL_ENROLL_ERR_FORMAT;
    enroll->log = channel_log_create();
    return enroll->log ? read_entries(enroll, data + pos, len - pos) : CHANNEL_ENROLL_ERR_NOMEM;
}

/* Message 4: ask for the next part, or say that the log is whole and holds us. */
static int answer_log(struct channel_enroll *enroll, uint8_t *out, size_t *out_len)
{
    bool whole = channel_log_count(enroll->log) == enroll->log_count;
    int err = whole ? check_log(enroll) : 0;
    if (err < 0)
        return err;
    const uint8_t plain[1] = {whole};
    out[0] = TYPE_4;
    channel_crypto_seal(
        out + 1, enroll->key_ba, nonce_of(TYPE_4, enroll->answers++), NULL, 0, plain, sizeof plain);
    *out_len = 1 + sizeof plain + CHANNEL_TAG_LEN;
    enroll->state = whole ? DONE : PC_READING;
    return 0;
}

static int receive_3(
    struct channel_enroll *enroll, const uint8_t *data, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    size_t fixed = 1 + TAG_LEN;
    if (len < fixed + CHANNEL_TAG_LEN || len > CHANNEL_ENROLL_MESSAGE_MAX || cap < 2 + CHANNEL_TAG_LEN)
        return CHANNEL_ENROLL_ERR_FORMAT;
    if (!tag_fits(enroll, data + 1, &enroll->a))
        return CHANNEL_ENROLL_ERR_CODE;
    uint8_t *plain = malloc(len - fixed);
    if (!plain)
        return CHANNEL_ENROLL_ERR_NOMEM;
    int err = CHANNEL_ENROLL_ERR_CODE;
    if (channel_crypto_open(plain, enroll->key_ab, TYPE_3, NULL, 0, data + fixed, len - fixed) == 0)
        err = read_log(enroll, plain, len - fixed - CHANNEL_TAG_LEN);
    free(plain);
    return err < 0 ? err : answer_log(enroll, out, out_len);
}

static int receive_5(
    struct channel_enroll *enroll, const uint8_t *data, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    if (len < 1 + CHANNEL_TAG_LEN || len > CHANNEL_ENROLL_MESSAGE_MAX || cap < 2 + CHANNEL_TAG_LEN)
        return CHANNEL_ENROLL_ERR_FORMAT;
    uint8_t *plain = malloc(len);
    if (!plain)
        return CHANNEL_ENROLL_ERR_NOMEM;
    int err = CHANNEL_ENROLL_ERR_CODE;
    if (channel_crypto_open(
            plain, enroll->key_ab, nonce_of(TYPE_5, enroll->parts), NULL, 0, data + 1, len - 1) == 0) {
        enroll->parts++;
        err = read_entries(enroll, plain, len - 1 - CHANNEL_TAG_LEN);
    }
    free(plain);
    return err < 0 ? err : answer_log(enroll, out, out_len);
}

int channel_enroll_receive(
    struct channel_enroll *enroll, const uint8_t *data, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    size_t answer = 0;
    int err = CHANNEL_ENROLL_ERR_STATE;
    uint8_t type = len ? data[0] : 0;
    switch (enroll->state) {
    case APPROVER_STARTED:
        err = type == TYPE_2 ? receive_2(enroll, data, len) : CHANNEL_ENROLL_ERR_FORMAT;
        break;
    case APPROVER_SENT:
        err = type == TYPE_4 ? receive_4(enroll, data, len, out, cap, &answer) : CHANNEL_ENROLL_ERR_FORMAT;
        break;
    case PC_WAITING:
        err = type == TYPE_1 ? receive_1(enroll, data, len, out, cap, &answer) : CHANNEL_ENROLL_ERR_FORMAT;
        break;
    case PC_ANSWERED:
        err = type == TYPE_3 ? receive_3(enroll, data, len, out, cap, &answer) : CHANNEL_ENROLL_ERR_FORMAT;
        break;
    case PC_READING:
        err = type == TYPE_5 ? receive_5(enroll, data, len, out, cap, &answer) : CHANNEL_ENROLL_ERR_FORMAT;
        break;
    case APPROVER_NEW:
    case APPROVER_KNOWS:
    case DONE:
    case FAILED:
        return CHANNEL_ENROLL_ERR_STATE;
    }
    if (err < 0) {
        enroll->state = FAILED; /* one guess: whatever is wrong, this run is over */
        return err;
    }
    *out_len = answer;
    return 0;
}

struct channel_log *channel_enroll_take_log(struct channel_enroll *enroll, char out_account[static 65])
{
    struct channel_log *log = enroll->log;
    if (!log || enroll->state != DONE)
        return NULL; /* what came of a log is worth nothing before it is whole and checked */
    memcpy(out_account, enroll->account, sizeof enroll->account);
    enroll->log = NULL;
    return log;
}

bool channel_enroll_done(const struct channel_enroll *enroll)
{
    return enroll->state == DONE;
}
