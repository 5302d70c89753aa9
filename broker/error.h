/* The one set of errors of the broker. Any thread. */
#pragma once

enum broker_error {
    BROKER_OK = 0,
    BROKER_ERR_NOMEM = -1,
    BROKER_ERR_FORMAT = -2, /* input breaks its bound */
    BROKER_ERR_NOT_FOUND = -3,
    BROKER_ERR_DENIED = -4,
    BROKER_ERR_CONFLICT = -5, /* the name is taken, or the log moved on */
    BROKER_ERR_BUSY = -6,     /* a queue or a table is full, or a rate limit is reached */
    BROKER_ERR_DISK_FULL = -7,
    BROKER_ERR_IO = -8,
    BROKER_ERR_LIMIT = -9 /* more than the account may hold */
};

/* English, fact first; never NULL. */
const char *broker_strerror(int err);
