/* A message from an endpoint: what the check lets pass keeps the bounds that the handlers rely on. */
#include <stdlib.h>
#include <string.h>

#include "broker/account.h"
#include "broker/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Hearth__Link__ToBroker *request = hearth__link__to_broker__unpack(NULL, size, data);
    if (!request)
        return 0;
    if (!broker_request_check(request)) {
        if (request->body_case == HEARTH__LINK__TO_BROKER__BODY_HELLO &&
            (request->hello->proof.len != 64 || strlen(request->hello->os) > BROKER_OS_MAX))
            abort();
        if (request->body_case == HEARTH__LINK__TO_BROKER__BODY_IN_USE &&
            request->in_use->n_by > BROKER_USES_MAX)
            abort();
        if (request->body_case == HEARTH__LINK__TO_BROKER__BODY_LOG_APPEND &&
            request->log_append->n_entries > BROKER_APPEND_MAX)
            abort();
    }
    hearth__link__to_broker__free_unpacked(request, NULL);
    return 0;
}
