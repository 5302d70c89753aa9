/* The page's files, from one folder. Loop thread. */
#pragma once

#include "broker/http.h"

enum { BROKER_STATIC_FILE_MAX = 32 * 1024 * 1024 };

/* Map a request path to a file below the folder. Pure. out is relative, without "..", hidden names or
 * empty parts; "index.html" for "/" and for every path without an extension in its last part (the page
 * routes those itself). False when no file can be meant. */
bool broker_static_map(const char *path, char *out, size_t cap);
/* Content-Type by extension. */
const char *broker_static_type(const char *name);

/* Answer a GET or HEAD. accept_encoding and if_none_match are header values, "" when absent. */
void broker_static_request(struct broker_http *http, const char *accept_encoding, const char *if_none_match);
