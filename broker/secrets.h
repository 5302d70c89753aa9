/* The broker's own secret, kept beside the database (0600): the pepper of what clients prove, and the key
 * of made-up salts. Any thread once open. */
#pragma once

#include <stdint.h>

#include "broker/store.h"

struct broker_secrets;

/* Read or make the file at path. BROKER_OK, BROKER_ERR_IO or BROKER_ERR_NOMEM. */
int broker_secrets_open(const char *path, struct broker_secrets **out_secrets);
void broker_secrets_close(struct broker_secrets *secrets);

/* What is kept of auth_key or recovery_auth: worthless without this file. */
void broker_secrets_hash(const struct broker_secrets *secrets, const uint8_t salt[static BROKER_SALT_LEN],
    const uint8_t proof[static BROKER_AUTH_LEN], uint8_t out[static BROKER_AUTH_LEN]);
/* What an unknown name is answered: always the same for one name. */
void broker_secrets_made_up_kdf(
    const struct broker_secrets *secrets, const char *name, struct broker_kdf *out);
