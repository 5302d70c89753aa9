/* Enrolment of a PC over links: the PC shows a code and four words and waits; an enrolled device finds
 * it by the code, shows the same words to a person, and adds it to the account. The cryptography is
 * channel/identity/enroll.h; this moves its messages. libuv loop thread only. docs/wire.md section 9. */
#pragma once

#include "channel/identity/enroll.h"
#include "channel/link/link.h"

enum {
    CHANNEL_CODE_TEXT = CHANNEL_CODE_LEN + 2, /* "LLLL-SSSS" with the NUL */
    CHANNEL_WORDS_TEXT = CHANNEL_WORDS * (CHANNEL_WORD_MAX + 1)
};

/* ---- the PC's side: a link without Hello */

struct channel_enroll_waiting;

struct channel_enroll_waiting_callbacks {
    /* Show these. Comes again with another code whenever one was spent, ran out or the broker went
     * away meanwhile. code: "LLLL-SSSS"; words: four words with spaces. */
    void (*code)(void *user, const char *code, const char *words, uint32_t expires_s);
    /* Approved: the account's checked log, which holds this PC. Ownership moves. Store it and return 0;
     * then the other side hears that all is well. Another value = could not be stored. */
    int (*approved)(void *user, struct channel_log *log, const char *account);
    /* The other side knows; the wait is over. */
    void (*done)(void *user);
    /* Trouble: final = nothing more comes. Else it is tried again by itself. */
    void (*failed)(void *user, const char *why, bool final);
};

struct channel_enroll_waiting_config {
    struct channel_net *net;                           /* borrowed */
    const uint8_t *sign_public, *dh_public;            /* 32 bytes each, copied */
    const char *name, *os;                             /* copied */
    struct channel_enroll_waiting_callbacks callbacks; /* all mandatory */
    void *user;
};

/* NULL when out of memory. */
struct channel_enroll_waiting *channel_enroll_wait(const struct channel_enroll_waiting_config *config);
/* No callback after it returns; memory goes from the loop. NULL is fine. Safe inside callbacks. */
void channel_enroll_waiting_destroy(struct channel_enroll_waiting *waiting);

/* ---- the approver's side: on an enrolled device's link that is online */

struct channel_enroll_approval;

struct channel_enroll_approval_callbacks {
    /* Who asks, and the words that its screen must show. pc is borrowed and hostile text. Answer with
     * channel_enroll_approval_accept, or destroy to refuse. */
    void (*found)(void *user, const struct channel_enroll_pc *pc, const char *words);
    /* The PC is in the account (device, from the log) and said that it stored it. */
    void (*done)(void *user, const struct channel_device *device);
    /* Final. code: link.proto Code. */
    void (*failed)(void *user, int code, const char *why);
};

/* code as channel_code_normalise gives it. NULL when out of memory or the link is not online. */
struct channel_enroll_approval *channel_enroll_approve_begin(struct channel_link *link,
    const char code[static CHANNEL_CODE_LEN], const struct channel_enroll_approval_callbacks *callbacks,
    void *user);
/* The words match: add the PC under this name (NULL: the one it gave; a number follows when another
 * device has it). */
void channel_enroll_approval_accept(struct channel_enroll_approval *approval, const char *name);
void channel_enroll_approval_destroy(struct channel_enroll_approval *approval);
