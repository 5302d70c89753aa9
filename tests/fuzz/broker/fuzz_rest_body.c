/* The JSON bodies of the REST calls: the first byte chooses the call, the rest is the body. */
#include <stdlib.h>

#include "broker/rest_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    union {
        struct broker_rest_signup signup;
        struct broker_rest_proof proof;
        struct broker_rest_log log;
        struct broker_rest_password password;
    } *out = malloc(sizeof *out);
    if (!out)
        return 0;
    switch (data[0] % 5) {
    case 0:
        (void)broker_rest_signup_parse(data + 1, size - 1, &out->signup);
        break;
    case 1:
        (void)broker_rest_proof_parse(data + 1, size - 1, "auth_key", &out->proof);
        break;
    case 2:
        (void)broker_rest_proof_parse(data + 1, size - 1, "recovery_auth", &out->proof);
        break;
    case 3:
        (void)broker_rest_log_parse(data + 1, size - 1, &out->log);
        break;
    default:
        (void)broker_rest_password_parse(data + 1, size - 1, &out->password);
        break;
    }
    free(out);
    return 0;
}
