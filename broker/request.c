#include "broker/request.h"

#include <string.h>

#include "broker/account.h"
#include "broker/text.h"

static bool text_ok(const char *text, size_t max)
{
    return text && broker_text_valid(text, strlen(text), 0, max);
}

static bool id_ok(ProtobufCBinaryData id)
{
    return id.len == 16;
}

static const char *check_hello(const Hearth__Link__Hello *hello)
{
    if (!id_ok(hello->account_id) || !id_ok(hello->device_id) || hello->proof.len != 64)
        return "Hello: an id or the proof has the wrong length.";
    if (!text_ok(hello->os, BROKER_OS_MAX) || !text_ok(hello->version, BROKER_VERSION_MAX))
        return "Hello: os or version is too long or is not text.";
    if (hello->log_have > CHANNEL_LOG_ENTRIES_MAX)
        return "Hello: log_have is beyond the limit of a log.";
    return NULL;
}

static const char *check_log_append(const Hearth__Link__LogAppend *append)
{
    if (append->n_entries == 0 || append->n_entries > BROKER_APPEND_MAX)
        return "LogAppend: 1 to 16 entries at a time.";
    for (size_t i = 0; i < append->n_entries; i++) {
        if (append->entries[i].len == 0 || append->entries[i].len > CHANNEL_LOG_ENTRY_MAX)
            return "LogAppend: an entry has the wrong length.";
    }
    return NULL;
}

static const char *check_in_use(const Hearth__Link__InUse *in_use)
{
    if (in_use->n_by > BROKER_USES_MAX)
        return "InUse: too many devices.";
    for (size_t i = 0; i < in_use->n_by; i++) {
        if (!id_ok(in_use->by[i]->device_id))
            return "InUse: an id has the wrong length.";
    }
    return NULL;
}

const char *broker_request_check(const Hearth__Link__ToBroker *request)
{
    switch (request->body_case) {
    case HEARTH__LINK__TO_BROKER__BODY_HELLO:
        return check_hello(request->hello);
    case HEARTH__LINK__TO_BROKER__BODY_ENROLL_OPEN:
        return text_ok(request->enroll_open->version, BROKER_VERSION_MAX) ? NULL : "EnrollOpen: bad version.";
    case HEARTH__LINK__TO_BROKER__BODY_ENROLL_MESSAGE:
        return request->enroll_message->data.len <= BROKER_ENROL_DATA_MAX ? NULL : "EnrollMessage: too long.";
    case HEARTH__LINK__TO_BROKER__BODY_ENROLL_FIND:
        return text_ok(request->enroll_find->locator, 4) ? NULL : "EnrollFind: a locator has 4 characters.";
    case HEARTH__LINK__TO_BROKER__BODY_LOG_APPEND:
        return check_log_append(request->log_append);
    case HEARTH__LINK__TO_BROKER__BODY_CONNECT:
        return id_ok(request->connect->device_id) && id_ok(request->connect->session_id)
                   ? NULL
                   : "Connect: an id has the wrong length.";
    case HEARTH__LINK__TO_BROKER__BODY_IN_USE:
        return check_in_use(request->in_use);
    case HEARTH__LINK__TO_BROKER__BODY_LOG_GET:
    case HEARTH__LINK__TO_BROKER__BODY_LOOK:
    case HEARTH__LINK__TO_BROKER__BODY_PING:
    case HEARTH__LINK__TO_BROKER__BODY_PONG:
        return NULL;
    case HEARTH__LINK__TO_BROKER__BODY__NOT_SET:
    case _HEARTH__LINK__TO_BROKER__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return "The message has no body that this broker knows.";
}
