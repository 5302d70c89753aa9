#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "channel/link/change.h"
#include "channel/link/enroll_link.h"
#include "channel/link/enroll_words.h"
#include "channel/link/link_internal.h"

enum { APPROVAL_ANSWER_MS = 20000 /* for the PC to answer a message */ };

struct channel_enroll_approval {
    struct channel_link *link;
    struct channel_enroll *enroll;
    struct channel_enroll_approval_callbacks callbacks;
    void *user;
    struct link_listener listener;
    char code[CHANNEL_CODE_LEN + 1];
    uint64_t handle;
    uint32_t request;
    struct channel_device device;
    bool found, ended, dead, changing, timer_closed;
    uv_timer_t timer;
};

static int send_message(struct channel_enroll_approval *approval, uint8_t *data, size_t len, bool end)
{
    Hearth__Link__EnrollMessage body = HEARTH__LINK__ENROLL_MESSAGE__INIT;
    body.handle = approval->handle;
    body.data = (ProtobufCBinaryData){len, data};
    body.end = end;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_MESSAGE;
    message.enroll_message = &body;
    return link_send(approval->link, &message, NULL, NULL) != 0 ? 0 : -1;
}

static void fail(struct channel_enroll_approval *approval, int code, const char *why)
{
    if (approval->ended || approval->dead) {
        return;
    }
    approval->ended = true;
    (void)uv_timer_stop(&approval->timer);
    if (approval->handle != 0) {
        (void)send_message(approval, NULL, 0, true); /* the PC shows another code then */
    }
    approval->callbacks.failed(approval->user, code, why);
}

static void on_timer(uv_timer_t *timer)
{
    fail(timer->data, HEARTH__LINK__CODE__CODE_OFFLINE,
        "The other computer did not answer in time. Try again.");
}

static void expect_answer(struct channel_enroll_approval *approval)
{
    (void)uv_timer_start(&approval->timer, on_timer, APPROVAL_ANSWER_MS, 0);
}

static void take_pc(struct channel_enroll_approval *approval)
{
    char words[CHANNEL_WORDS_TEXT];
    const struct channel_enroll_pc *pc = channel_enroll_pc(approval->enroll);
    if (!pc) {
        return;
    }
    (void)uv_timer_stop(&approval->timer);
    if (enroll_words_line(words, approval->code, pc->sign_public, pc->dh_public) != 0) {
        fail(approval, HEARTH__LINK__CODE__CODE_INTERNAL, "Out of memory.");
        return;
    }
    approval->found = true;
    approval->callbacks.found(approval->user, pc, words);
}

static void on_enroll(void *user, const Hearth__Link__EnrollMessage *message)
{
    struct channel_enroll_approval *approval = user;
    size_t reply_len = 0;
    if (approval->dead || approval->ended || message->handle != approval->handle || approval->handle == 0) {
        return;
    }
    if (message->end) {
        fail(approval, HEARTH__LINK__CODE__CODE_EXPIRED,
            "The other computer ended the enrolment. Use the code it shows now.");
        return;
    }
    uint8_t *reply = malloc(CHANNEL_ENROLL_MESSAGE_MAX);
    const int error = reply ? channel_enroll_receive(approval->enroll, message->data.data, message->data.len,
                                  reply, CHANNEL_ENROLL_MESSAGE_MAX, &reply_len)
                            : CHANNEL_ENROLL_ERR_NOMEM;
    if (error == CHANNEL_ENROLL_OK && reply_len > 0) { /* the next part of a long log */
        if (send_message(approval, reply, reply_len, false) == 0) {
            expect_answer(approval);
        }
    }
    free(reply);
    if (error == CHANNEL_ENROLL_ERR_CODE) {
        fail(approval, HEARTH__LINK__CODE__CODE_EXPIRED,
            "That is not the code the other computer shows. It shows a new one now; use that.");
        return;
    }
    if (error != CHANNEL_ENROLL_OK) {
        fail(approval, HEARTH__LINK__CODE__CODE_DENIED, channel_enroll_strerror(error));
        return;
    }
    if (!approval->found) {
        take_pc(approval);
    } else if (channel_enroll_done(approval->enroll)) {
        const struct channel_device *device =
            channel_log_find(channel_home_log(approval->link->config.home), approval->device.id);
        approval->ended = true;
        (void)uv_timer_stop(&approval->timer);
        approval->callbacks.done(approval->user, device ? device : &approval->device);
    }
}

static void on_found(void *user, const Hearth__Link__FromBroker *answer, int code, const char *message)
{
    struct channel_enroll_approval *approval = user;
    uint8_t first[512];
    approval->request = 0;
    if (approval->dead) {
        return;
    }
    if (!answer) {
        fail(approval, code, message);
        return;
    }
    if (answer->body_case != HEARTH__LINK__FROM_BROKER__BODY_ENROLL_FOUND ||
        answer->enroll_found->handle == 0) {
        fail(approval, HEARTH__LINK__CODE__CODE_INTERNAL, "The broker's answer does not fit what was asked.");
        return;
    }
    approval->handle = answer->enroll_found->handle;
    const int len = channel_enroll_start(approval->enroll, first, sizeof first);
    if (len <= 0 || send_message(approval, first, (size_t)len, false) != 0) {
        fail(approval, HEARTH__LINK__CODE__CODE_OFFLINE, "The connection to the broker was lost. Try again.");
        return;
    }
    expect_answer(approval);
}

static void on_state(void *user)
{
    struct channel_enroll_approval *approval = user;
    if (!approval->dead && !link_online(approval->link)) {
        fail(approval, HEARTH__LINK__CODE__CODE_OFFLINE, "The connection to the broker was lost. Try again.");
    }
}

struct channel_enroll_approval *channel_enroll_approve_begin(struct channel_link *link,
    const char code[static CHANNEL_CODE_LEN], const struct channel_enroll_approval_callbacks *callbacks,
    void *user)
{
    struct channel_enroll_approval *approval = calloc(1, sizeof *approval);
    if (!approval) {
        return NULL;
    }
    approval->link = link;
    approval->callbacks = *callbacks;
    approval->user = user;
    memcpy(approval->code, code, CHANNEL_CODE_LEN);
    approval->enroll = channel_enroll_create_approver(approval->code);
    char locator[5] = "";
    memcpy(locator, code, 4);
    Hearth__Link__EnrollFind find = HEARTH__LINK__ENROLL_FIND__INIT;
    find.locator = locator;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_FIND;
    message.enroll_find = &find;
    approval->request = approval->enroll ? link_send(link, &message, on_found, approval) : 0;
    if (approval->request == 0) {
        channel_enroll_destroy(approval->enroll);
        free(approval);
        return NULL;
    }
    approval->listener = (struct link_listener){.state = on_state, .enroll = on_enroll, .user = approval};
    link_listen(link, &approval->listener);
    (void)uv_timer_init(channel_net_loop(link->config.net), &approval->timer);
    approval->timer.data = approval;
    return approval;
}

/* When neither the loop nor a change under way refers to it any more. */
static void release(struct channel_enroll_approval *approval)
{
    if (approval->timer_closed && !approval->changing) {
        channel_enroll_destroy(approval->enroll);
        channel_crypto_wipe(approval->code, sizeof approval->code);
        free(approval);
    }
}

static bool name_taken(const struct channel_log *log, const char *name)
{
    for (size_t i = 0; i < channel_log_device_count(log); i++) {
        const struct channel_device *device = channel_log_device(log, i);
        if (!device->revoked && strcasecmp(device->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Two devices of one name would make every later command ambiguous. */
static void choose_name(
    const struct channel_log *log, char out[static CHANNEL_LOG_NAME_MAX + 1], const char *wish)
{
    (void)snprintf(out, CHANNEL_LOG_NAME_MAX + 1, "%s", wish);
    size_t stem = strlen(wish) < 58 ? strlen(wish) : 58;
    while (stem > 0 && ((uint8_t)wish[stem] & 0xc0) == 0x80) {
        stem--; /* never inside a UTF-8 character */
    }
    for (unsigned number = 2; number < 1000 && name_taken(log, out); number++) {
        (void)snprintf(out, CHANNEL_LOG_NAME_MAX + 1, "%.*s-%u", (int)stem, wish, number);
    }
}

static void added(void *user, int code, const char *message)
{
    struct channel_enroll_approval *approval = user;
    approval->changing = false;
    if (approval->dead) {
        release(approval);
        return;
    }
    if (approval->ended) {
        return; /* it was called failed meanwhile: the PC must not hear the opposite */
    }
    if (code != 0) {
        fail(approval, code, message);
        return;
    }
    uint8_t *third = malloc(CHANNEL_ENROLL_MESSAGE_MAX);
    const int len =
        third ? channel_enroll_approve(approval->enroll, approval->link->account,
                    channel_home_log(approval->link->config.home), third, CHANNEL_ENROLL_MESSAGE_MAX)
              : -1;
    if (len <= 0) {
        fail(approval, HEARTH__LINK__CODE__CODE_INTERNAL,
            "The account's log could not be handed over. The computer was added but does not know it; remove "
            "it and enrol again.");
    } else if (send_message(approval, third, (size_t)len, false) != 0) {
        fail(approval, HEARTH__LINK__CODE__CODE_OFFLINE,
            "The connection was lost after the computer was added. Remove it and enrol again.");
    } else {
        expect_answer(approval);
    }
    free(third);
}

void channel_enroll_approval_accept(struct channel_enroll_approval *approval, const char *name)
{
    const struct channel_enroll_pc *pc = channel_enroll_pc(approval->enroll);
    if (!pc || approval->ended || approval->changing) {
        return;
    }
    struct channel_device *device = &approval->device;
    memset(device, 0, sizeof *device);
    memcpy(device->sign_public, pc->sign_public, 32);
    memcpy(device->dh_public, pc->dh_public, 32);
    channel_device_id(device->id, device->sign_public, device->dh_public);
    device->role = CHANNEL_ROLE_HOST;
    device->rights = 0; /* a host serves; it may do nothing on others */
    choose_name(channel_home_log(approval->link->config.home), device->name, name ? name : pc->name);
    approval->changing = true;
    if (channel_change_add(approval->link, device, added, approval) != 0) {
        approval->changing = false;
        fail(approval, HEARTH__LINK__CODE__CODE_DENIED,
            "This device may not add others to the account, or the broker is away.");
    }
}

static void timer_closed(uv_handle_t *handle)
{
    struct channel_enroll_approval *approval = handle->data;
    approval->timer_closed = true;
    release(approval);
}

void channel_enroll_approval_destroy(struct channel_enroll_approval *approval)
{
    if (!approval || approval->dead) {
        return;
    }
    if (approval->handle != 0 && !approval->ended) {
        (void)send_message(approval, NULL, 0, true);
    }
    approval->dead = true;
    if (approval->request) {
        channel_link_cancel(approval->link, approval->request);
    }
    link_unlisten(approval->link, &approval->listener);
    uv_close((uv_handle_t *)&approval->timer, timer_closed);
}
