/* Enrolment with somebody who knows the code and sends what he likes: arbitrary messages, and arbitrary text
 * sealed as it should be. First byte: which side and which message is the fuzzer's. */
#include "channel/core/bytes.h"
#include "channel/identity/account.h"
#include "channel/identity/cpace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char code[CHANNEL_CODE_LEN + 1] = "ABCD1234";
static uint8_t out[CHANNEL_ENROLL_MESSAGE_MAX], made[CHANNEL_ENROLL_MESSAGE_MAX];

/* The other side, honest in CPace. */
struct other {
    uint8_t sid[16], scalar[32], isk[64];
    struct channel_cpace_share a, b;
};

static void own_share(struct other *o, uint8_t share[static 32])
{
    uint8_t generator[32];
    channel_cpace_generator(
        generator, (const uint8_t *)code, CHANNEL_CODE_LEN, (const uint8_t *)"hearth-enroll-1", 15, o->sid);
    channel_crypto_ristretto_random_scalar(o->scalar);
    if (channel_crypto_ristretto_mul(share, o->scalar, generator) < 0)
        abort();
}

static void key(const struct other *o, const char *info, uint8_t k[static 32])
{
    channel_crypto_hkdf(k, 32, NULL, 0, o->isk, 64, (const uint8_t *)info, strlen(info));
}

/* Message 3 around the fuzzer's text, for a PC. */
static void hostile_approver(const uint8_t *data, size_t len)
{
    struct other o = {.sid = {1}};
    struct channel_enroll *pc =
        channel_enroll_create_pc(code, (const uint8_t[32]){1}, (const uint8_t[32]){2}, "PC", "");
    size_t out_len = 0;
    uint8_t k[32];
    if (!pc)
        return;
    own_share(&o, o.a.y);
    made[0] = 1;
    memcpy(made + 1, o.sid, 16);
    memcpy(made + 17, o.a.y, 32);
    if (channel_enroll_receive(pc, made, 49, out, sizeof out, &out_len) != 0)
        abort();
    memcpy(o.b.y, out + 1, 32);
    if (channel_cpace_isk(o.isk, o.sid, o.scalar, o.b.y, &o.a, &o.b) < 0)
        abort();
    key(&o, "hearth enroll a->b", k);
    if (len > sizeof made - 81)
        len = sizeof made - 81;
    made[0] = 3;
    channel_cpace_tag(made + 1, o.isk, o.sid, &o.a);
    channel_crypto_seal(made + 65, k, 3, NULL, 0, data, len);
    (void)channel_enroll_receive(pc, made, 65 + len + 16, out, sizeof out, &out_len);
    channel_enroll_destroy(pc);
}

/* Message 2 around the fuzzer's text, for an approver. */
static void hostile_pc(const uint8_t *data, size_t len)
{
    struct other o = {0};
    struct channel_enroll *approver = channel_enroll_create_approver(code);
    size_t out_len = 0;
    uint8_t k[32];
    if (!approver || channel_enroll_start(approver, out, sizeof out) < 0)
        abort();
    memcpy(o.sid, out + 1, 16);
    memcpy(o.a.y, out + 17, 32);
    own_share(&o, o.b.y);
    if (channel_cpace_isk(o.isk, o.sid, o.scalar, o.a.y, &o.a, &o.b) < 0)
        abort();
    key(&o, "hearth enroll b->a", k);
    if (len > 4096)
        len = 4096;
    made[0] = 2;
    memcpy(made + 1, o.b.y, 32);
    channel_cpace_tag(made + 33, o.isk, o.sid, &o.b);
    channel_crypto_seal(made + 97, k, 2, NULL, 0, data, len);
    (void)channel_enroll_receive(approver, made, 97 + len + 16, out, sizeof out, &out_len);
    const struct channel_enroll_pc *pc = channel_enroll_pc(approver);
    if (pc && (strlen(pc->name) < 1 || strlen(pc->name) > 64 || strlen(pc->os) > 64))
        abort();
    channel_enroll_destroy(approver);
}

/* Anything at all, to both. */
static void stranger(const uint8_t *data, size_t len)
{
    struct channel_enroll *approver = channel_enroll_create_approver(code);
    struct channel_enroll *pc =
        channel_enroll_create_pc(code, (const uint8_t[32]){1}, (const uint8_t[32]){2}, "PC", "");
    size_t out_len = 0;
    if (!approver || !pc || channel_enroll_start(approver, out, sizeof out) < 0)
        abort();
    (void)channel_enroll_receive(approver, data, len, out, sizeof out, &out_len);
    (void)channel_enroll_receive(pc, data, len, out, sizeof out, &out_len);
    channel_enroll_destroy(approver);
    channel_enroll_destroy(pc);
}

static void typed(const uint8_t *data, size_t len)
{
    char text[300], normal[CHANNEL_CODE_LEN + 1], again[CHANNEL_RECOVERY_TEXT];
    uint8_t recovery[CHANNEL_RECOVERY_LEN], back[CHANNEL_RECOVERY_LEN];
    size_t n = len < sizeof text - 1 ? len : sizeof text - 1;
    memcpy(text, data, n);
    text[n] = '\0';
    if (channel_code_normalise(normal, text) == 0 && channel_code_normalise(normal, normal) != 0)
        abort();
    if (channel_recovery_parse(recovery, text) != 0)
        return;
    channel_recovery_format(again, recovery);
    if (channel_recovery_parse(back, again) != 0 || memcmp(back, recovery, sizeof back) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (channel_crypto_init() < 0)
        abort();
    if (len == 0)
        return 0;
    switch (data[0] & 3) {
    case 0:
        hostile_approver(data + 1, len - 1);
        break;
    case 1:
        hostile_pc(data + 1, len - 1);
        break;
    case 2:
        stranger(data + 1, len - 1);
        break;
    default:
        typed(data + 1, len - 1);
        break;
    }
    return 0;
}
