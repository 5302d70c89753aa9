/* Approving a new PC from the page. Argon2id for the check words runs in the worker. */
#include <string.h>

#include "channel/identity/enroll.h"
#include "viewer/core/wasm.h"

/* As the worker reads it. */
struct viewer_enroll_pc {
    uint8_t sign_public[32], dh_public[32];
    uint32_t name_len, os_len;
    char name[64], os[64];
};
_Static_assert(sizeof(struct viewer_enroll_pc) == 200, "layout read by wasm.ts");

int hearth_code_normalise(char *out, const char *typed);
void hearth_words_salt(uint8_t *out, const char *code);
void hearth_words_from_seed(char *out, const uint8_t *seed);
struct channel_enroll *hearth_enroll_create(const char *code);
void hearth_enroll_destroy(struct channel_enroll *enroll);
int hearth_enroll_start(struct channel_enroll *enroll, uint8_t *out, size_t cap);
int hearth_enroll_receive(struct channel_enroll *enroll, const uint8_t *data, size_t len, uint8_t *out,
    size_t cap, size_t *out_len);
int hearth_enroll_pc(const struct channel_enroll *enroll, struct viewer_enroll_pc *out);
int hearth_enroll_approve(struct channel_enroll *enroll, const char *account, const struct channel_log *log,
    uint8_t *out, size_t cap);
int hearth_enroll_done(const struct channel_enroll *enroll);

VIEWER_EXPORT("hearth_code_normalise") int hearth_code_normalise(char *out, const char *typed)
{
    return channel_code_normalise(out, typed);
}

VIEWER_EXPORT("hearth_words_salt") void hearth_words_salt(uint8_t *out, const char *code)
{
    channel_words_salt(out, code);
}

/* out: CHANNEL_WORDS words, each ended by a zero byte, CHANNEL_WORD_MAX + 1 bytes apart. */
VIEWER_EXPORT("hearth_words_from_seed") void hearth_words_from_seed(char *out, const uint8_t *seed)
{
    char words[CHANNEL_WORDS][CHANNEL_WORD_MAX + 1] = {{0}};
    channel_words_from_seed(words, seed);
    memcpy(out, words, sizeof words);
}

VIEWER_EXPORT("hearth_enroll_create") struct channel_enroll *hearth_enroll_create(const char *code)
{
    return channel_enroll_create_approver(code);
}

VIEWER_EXPORT("hearth_enroll_destroy") void hearth_enroll_destroy(struct channel_enroll *enroll)
{
    channel_enroll_destroy(enroll);
}

VIEWER_EXPORT("hearth_enroll_start")
int hearth_enroll_start(struct channel_enroll *enroll, uint8_t *out, size_t cap)
{
    return channel_enroll_start(enroll, out, cap);
}

VIEWER_EXPORT("hearth_enroll_receive")
int hearth_enroll_receive(
    struct channel_enroll *enroll, const uint8_t *data, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    return channel_enroll_receive(enroll, data, len, out, cap, out_len);
}

/* 1 and *out filled once the PC answered, else 0. */
VIEWER_EXPORT("hearth_enroll_pc")
int hearth_enroll_pc(const struct channel_enroll *enroll, struct viewer_enroll_pc *out)
{
    const struct channel_enroll_pc *pc = channel_enroll_pc(enroll);
    if (!pc)
        return 0;
    *out = (struct viewer_enroll_pc){
        .name_len = (uint32_t)strlen(pc->name),
        .os_len = (uint32_t)strlen(pc->os),
    };
    if (out->name_len > sizeof out->name || out->os_len > sizeof out->os)
        return 0;
    memcpy(out->sign_public, pc->sign_public, sizeof out->sign_public);
    memcpy(out->dh_public, pc->dh_public, sizeof out->dh_public);
    memcpy(out->name, pc->name, out->name_len);
    memcpy(out->os, pc->os, out->os_len);
    return 1;
}

VIEWER_EXPORT("hearth_enroll_approve")
int hearth_enroll_approve(struct channel_enroll *enroll, const char *account, const struct channel_log *log,
    uint8_t *out, size_t cap)
{
    return channel_enroll_approve(enroll, account, log, out, cap);
}

VIEWER_EXPORT("hearth_enroll_done") int hearth_enroll_done(const struct channel_enroll *enroll)
{
    return channel_enroll_done(enroll);
}
