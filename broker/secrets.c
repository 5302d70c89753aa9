#include "broker/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "broker/error.h"

enum { SECRET_LEN = 32 };

struct broker_secrets {
    uint8_t pepper[SECRET_LEN], salts[SECRET_LEN];
};

static int make_file(const char *path)
{
    uint8_t secret[SECRET_LEN];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? BROKER_OK : BROKER_ERR_IO;
    randombytes_buf(secret, sizeof secret);
    bool ok = write(fd, secret, sizeof secret) == SECRET_LEN && fsync(fd) == 0;
    sodium_memzero(secret, sizeof secret);
    if (close(fd) != 0)
        ok = false;
    if (!ok)
        (void)unlink(path);
    return ok ? BROKER_OK : BROKER_ERR_IO;
}

int broker_secrets_open(const char *path, struct broker_secrets **out_secrets)
{
    if (make_file(path) != BROKER_OK)
        return BROKER_ERR_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return BROKER_ERR_IO;
    uint8_t secret[SECRET_LEN + 1];
    ssize_t len = read(fd, secret, sizeof secret);
    (void)close(fd);
    if (len != SECRET_LEN)
        return BROKER_ERR_IO;
    struct broker_secrets *secrets = sodium_malloc(sizeof *secrets);
    if (!secrets)
        return BROKER_ERR_NOMEM;
    crypto_generichash(secrets->pepper, SECRET_LEN, (const uint8_t *)"pepper", 6, secret, SECRET_LEN);
    crypto_generichash(secrets->salts, SECRET_LEN, (const uint8_t *)"salts", 5, secret, SECRET_LEN);
    sodium_memzero(secret, sizeof secret);
    *out_secrets = secrets;
    return BROKER_OK;
}

void broker_secrets_close(struct broker_secrets *secrets)
{
    sodium_free(secrets);
}

void broker_secrets_hash(const struct broker_secrets *secrets, const uint8_t salt[static BROKER_SALT_LEN],
    const uint8_t proof[static BROKER_AUTH_LEN], uint8_t out[static BROKER_AUTH_LEN])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, secrets->pepper, SECRET_LEN);
    crypto_auth_hmacsha256_update(&state, salt, BROKER_SALT_LEN);
    crypto_auth_hmacsha256_update(&state, proof, BROKER_AUTH_LEN);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void broker_secrets_made_up_kdf(
    const struct broker_secrets *secrets, const char *name, struct broker_kdf *out)
{
    *out = (struct broker_kdf){.scheme = "argon2id-1", .mem_kib = 65536, .passes = 3};
    crypto_generichash(
        out->salt, sizeof out->salt, (const uint8_t *)name, strlen(name), secrets->salts, SECRET_LEN);
}
