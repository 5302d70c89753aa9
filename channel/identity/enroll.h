/* Enrolment of a PC by a short code: CPace (CPACE-RISTR255-SHA512) over the code, then sealed messages.
 * A state machine over bytes: messages in, messages out; the caller moves them. docs/wire.md section 9.
 * Loop thread only. */
#pragma once

#include "channel/identity/log.h"

enum { CHANNEL_ENROLL_MESSAGE_MAX = 60000, CHANNEL_CODE_LEN = 8, CHANNEL_WORDS = 4, CHANNEL_WORD_MAX = 12 };

enum channel_enroll_error {
    CHANNEL_ENROLL_OK = 0,
    CHANNEL_ENROLL_ERR_FORMAT = -1,
    CHANNEL_ENROLL_ERR_CODE = -2, /* the other side used another code: spend it */
    CHANNEL_ENROLL_ERR_LOG = -3,  /* the log given does not hold this PC, or is not valid */
    CHANNEL_ENROLL_ERR_STATE = -4,
    CHANNEL_ENROLL_ERR_NOMEM = -5
};
const char *channel_enroll_strerror(int err);

/* Forgive case, dashes, spaces, O for 0, I and L for 1. 0, or -1 when it is not a code. */
int channel_code_normalise(char out[static CHANNEL_CODE_LEN + 1], const char *typed);
/* The PC's half: 4 characters, 20 bits. */
void channel_code_secret(char out[static 5]);

/* Check words of a PC's keys under a code. seed44 from Argon2id, given by channel_words_seed natively
 * or by the worker in the page: 32 bytes of which the first 44 bits choose the words. */
void channel_words_salt(uint8_t out[static 16], const char code[static CHANNEL_CODE_LEN]);
void channel_words_from_seed(char out[CHANNEL_WORDS][CHANNEL_WORD_MAX + 1], const uint8_t seed[static 32]);

struct channel_enroll;

/* The PC's side. */
struct channel_enroll *channel_enroll_create_pc(const char code[static CHANNEL_CODE_LEN],
    const uint8_t sign_public[static 32], const uint8_t dh_public[static 32], const char *name,
    const char *os);
/* The approver's side. */
struct channel_enroll *channel_enroll_create_approver(const char code[static CHANNEL_CODE_LEN]);
void channel_enroll_destroy(struct channel_enroll *enroll);

/* Approver: the first message. Returns its length. */
int channel_enroll_start(struct channel_enroll *enroll, uint8_t *out, size_t cap);
/* A message arrived. *out_len = length of the answer to send now (0 = none). 0 or CHANNEL_ENROLL_ERR_*. */
int channel_enroll_receive(struct channel_enroll *enroll, const uint8_t *data, size_t len, uint8_t *out,
    size_t cap, size_t *out_len);

/* Approver, after message 2: who is asking. Borrowed. NULL before. */
struct channel_enroll_pc {
    uint8_t sign_public[32], dh_public[32];
    char name[CHANNEL_LOG_NAME_MAX + 1], os[65];
};
const struct channel_enroll_pc *channel_enroll_pc(const struct channel_enroll *enroll);
/* Approver: message 3, once the words match and the log holds the PC. A log that does not fit into it follows
 * in parts, which channel_enroll_receive answers with as the PC asks for them: give both cap =
 * CHANNEL_ENROLL_MESSAGE_MAX. The log is copied. Returns the length of message 3 or an error. */
int channel_enroll_approve(struct channel_enroll *enroll, const char *account, const struct channel_log *log,
    uint8_t *out, size_t cap);
/* PC, after message 3: takes the log that was given (checked, holds us); NULL before. Ownership moves. */
struct channel_log *channel_enroll_take_log(struct channel_enroll *enroll, char out_account[static 65]);
bool channel_enroll_done(const struct channel_enroll *enroll);
