/* The REST calls. Loop thread. docs/wire.md section 4. */
#pragma once

#include "broker/http.h"

/* Whether the path belongs to the API (and not to the page). Pure. */
bool broker_rest_owns(const char *path);
/* The account name inside /v1/accounts/NAME/kdf, or false. Pure. */
bool broker_rest_kdf_name(const char *path, const char **out_name, size_t *out_len);
/* Answer a request whose body is complete: now, or when the database has. */
void broker_rest_request(struct broker_http *http);
