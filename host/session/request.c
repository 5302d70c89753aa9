#include "host/session/request.h"

#include "channel/identity/log.h"
#include "host/files/files.h"
#include "host/input/input.h"

#include <stdlib.h>
#include <string.h>

typedef Hearth__Session__ToHost Request;

/* protobuf-c sizes its tables by what the message claims: a small message of many tiny fields would
 * take fifty times its length. So each unpacking has a purse. */
struct purse {
    size_t left;
};

static void *purse_alloc(void *data, size_t size)
{
    struct purse *purse = data;
    if (size > purse->left)
        return NULL;
    purse->left -= size;
    return malloc(size ? size : 1);
}

static void purse_free(void *data, void *pointer)
{
    (void)data;
    free(pointer);
}

static bool at_valid(const Hearth__Session__FilePath *at)
{
    return at && at->path.len <= FILES_PATH_MAX;
}

static bool text_within(const char *text, size_t max)
{
    return strnlen(text, max + 1) <= max;
}

static bool put_valid(const Hearth__Session__FilePut *put)
{
    return at_valid(put->at) && put->key.len >= FILES_KEY_MIN && put->key.len <= FILES_KEY_MAX &&
           put->size <= INT64_MAX;
}

static bool bounds_kept(const Request *request)
{
    switch (request->body_case) {
    case HEARTH__SESSION__TO_HOST__BODY_HELLO:
        return text_within(request->hello->agent, 64);
    case HEARTH__SESSION__TO_HOST__BODY_KEY:
        return text_within(request->key->text, INPUT_KEY_TEXT_BYTES);
    case HEARTH__SESSION__TO_HOST__BODY_TEXT:
        return text_within(request->text->text, INPUT_TEXT_BYTES);
    case HEARTH__SESSION__TO_HOST__BODY_CLIPBOARD:
        return text_within(request->clipboard->text, SESSION_CLIPBOARD_MAX);
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_RESET:
        return text_within(request->screen_reset->reason, 256);
    case HEARTH__SESSION__TO_HOST__BODY_FILE_LIST:
        return at_valid(request->file_list->at) && request->file_list->after.len <= FILES_NAME_MAX;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_STAT:
        return at_valid(request->file_stat->at);
    case HEARTH__SESSION__TO_HOST__BODY_FILE_GET:
        return at_valid(request->file_get->at) && request->file_get->offset <= INT64_MAX;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_PUT:
        return put_valid(request->file_put);
    case HEARTH__SESSION__TO_HOST__BODY_FILE_COMMIT:
        return request->file_commit->sha256.len == FILES_HASH_LEN;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_MAKE_FOLDER:
        return at_valid(request->file_make_folder->at);
    case HEARTH__SESSION__TO_HOST__BODY_FILE_RENAME:
        return at_valid(request->file_rename->from) && request->file_rename->to.len <= FILES_PATH_MAX;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_REMOVE:
        return at_valid(request->file_remove->at);
    default:
        return true;
    }
}

Request *session_request_parse(const uint8_t *data, size_t len)
{
    struct purse purse = {.left = SESSION_REQUEST_MEMORY};
    ProtobufCAllocator allocator = {.alloc = purse_alloc, .free = purse_free, .allocator_data = &purse};
    if (len > SESSION_MESSAGE_MAX)
        return NULL;
    Request *request = hearth__session__to_host__unpack(&allocator, len, data);
    if (request && !bounds_kept(request)) {
        session_request_free(request);
        return NULL;
    }
    return request;
}

void session_request_free(Request *request)
{
    ProtobufCAllocator allocator = {.alloc = purse_alloc, .free = purse_free};
    if (request)
        hearth__session__to_host__free_unpacked(request, &allocator);
}

uint32_t session_request_rights(const Request *request)
{
    switch (request->body_case) {
    case HEARTH__SESSION__TO_HOST__BODY_HELLO:
    case HEARTH__SESSION__TO_HOST__BODY_PING:
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_STOP:
    case HEARTH__SESSION__TO_HOST__BODY_RELEASE_ALL:
    case HEARTH__SESSION__TO_HOST__BODY_FILE_CANCEL:
        return 0;
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_START:
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_ACK:
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_RESET:
    case HEARTH__SESSION__TO_HOST__BODY_VIDEO_CONTROL:
        return CHANNEL_RIGHT_VIEW;
    case HEARTH__SESSION__TO_HOST__BODY_KEY:
    case HEARTH__SESSION__TO_HOST__BODY_POINTER:
    case HEARTH__SESSION__TO_HOST__BODY_MOTION:
    case HEARTH__SESSION__TO_HOST__BODY_WHEEL:
    case HEARTH__SESSION__TO_HOST__BODY_TEXT:
        return CHANNEL_RIGHT_CONTROL;
    case HEARTH__SESSION__TO_HOST__BODY_CLIPBOARD:
        return CHANNEL_RIGHT_CLIPBOARD_IN;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_ROOTS:
    case HEARTH__SESSION__TO_HOST__BODY_FILE_LIST:
    case HEARTH__SESSION__TO_HOST__BODY_FILE_STAT:
    case HEARTH__SESSION__TO_HOST__BODY_FILE_GET:
        return CHANNEL_RIGHT_FILES_READ;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_PUT:
    case HEARTH__SESSION__TO_HOST__BODY_FILE_COMMIT:
    case HEARTH__SESSION__TO_HOST__BODY_FILE_MAKE_FOLDER:
    case HEARTH__SESSION__TO_HOST__BODY_FILE_RENAME:
    case HEARTH__SESSION__TO_HOST__BODY_FILE_REMOVE:
        return CHANNEL_RIGHT_FILES_WRITE;
    case HEARTH__SESSION__TO_HOST__BODY__NOT_SET:
    case _HEARTH__SESSION__TO_HOST__BODY__CASE_IS_INT_SIZE:
        break;
    }
    /* No default above: a request that is added to the schema does not compile until its right is named. */
    return CHANNEL_RIGHTS_ALL;
}

const char *session_rights_refusal(uint32_t missing)
{
    if (missing & CHANNEL_RIGHT_VIEW)
        return "This device may not see the screen of this PC.";
    if (missing & CHANNEL_RIGHT_CONTROL)
        return "This device may not control this PC, only watch.";
    if (missing & CHANNEL_RIGHT_CLIPBOARD_IN)
        return "This device may not change the clipboard of this PC.";
    if (missing & CHANNEL_RIGHT_CLIPBOARD_OUT)
        return "This device may not read the clipboard of this PC.";
    if (missing & CHANNEL_RIGHT_FILES_READ)
        return "This device may not see the files of this PC.";
    if (missing & CHANNEL_RIGHT_FILES_WRITE)
        return "This device may not change files on this PC.";
    return "This device may not do that on this PC.";
}

uint32_t session_rights_from_message(const Hearth__Session__Rights *rights)
{
    if (!rights)
        return 0;
    return (rights->view ? (uint32_t)CHANNEL_RIGHT_VIEW : 0) |
           (rights->control ? (uint32_t)CHANNEL_RIGHT_CONTROL : 0) |
           (rights->clipboard_in ? (uint32_t)CHANNEL_RIGHT_CLIPBOARD_IN : 0) |
           (rights->clipboard_out ? (uint32_t)CHANNEL_RIGHT_CLIPBOARD_OUT : 0) |
           (rights->files_read ? (uint32_t)CHANNEL_RIGHT_FILES_READ : 0) |
           (rights->files_write ? (uint32_t)CHANNEL_RIGHT_FILES_WRITE : 0);
}

void session_rights_to_message(Hearth__Session__Rights *out, uint32_t rights)
{
    hearth__session__rights__init(out);
    out->view = (rights & CHANNEL_RIGHT_VIEW) != 0;
    out->control = (rights & CHANNEL_RIGHT_CONTROL) != 0;
    out->clipboard_in = (rights & CHANNEL_RIGHT_CLIPBOARD_IN) != 0;
    out->clipboard_out = (rights & CHANNEL_RIGHT_CLIPBOARD_OUT) != 0;
    out->files_read = (rights & CHANNEL_RIGHT_FILES_READ) != 0;
    out->files_write = (rights & CHANNEL_RIGHT_FILES_WRITE) != 0;
}
