#include "broker/error.h"

const char *broker_strerror(int err)
{
    switch ((enum broker_error)err) {
    case BROKER_OK:
        return "done";
    case BROKER_ERR_NOMEM:
        return "The broker is out of memory. Try again later.";
    case BROKER_ERR_FORMAT:
        return "The request is not valid.";
    case BROKER_ERR_NOT_FOUND:
        return "There is no such thing here.";
    case BROKER_ERR_DENIED:
        return "That is not allowed.";
    case BROKER_ERR_CONFLICT:
        return "It changed in the meantime. Fetch it and try again.";
    case BROKER_ERR_BUSY:
        return "The broker is busy. Try again in a moment.";
    case BROKER_ERR_DISK_FULL:
        return "The broker's disk is full. Ask its owner to free space, then try again.";
    case BROKER_ERR_IO:
        return "The broker could not use its database. Ask its owner to look at its log.";
    case BROKER_ERR_LIMIT:
        return "The account is at its limit.";
    }
    return "The broker failed.";
}
