/* What comes in the first lines of a request: path, Host, Origin; and names and log quoting. */
#include <stdlib.h>
#include <string.h>

#include "broker/options.h"
#include "broker/origin.h"
#include "broker/ratelimit.h"
#include "broker/rest.h"
#include "broker/static.h"
#include "broker/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *file = malloc(size + 1);
    if (!text || !file)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    char origin[BROKER_HOST_MAX + 16], host[BROKER_HOST_MAX + 1], address[BROKER_ADDRESS_MAX];
    char name[BROKER_NAME_MAX + 1], quote[BROKER_QUOTE_MAX];
    uint8_t key[17];
    uint16_t port;
    const char *found;
    size_t len;
    if (broker_static_map(text, file, size + 1) &&
        (file[0] == '/' || file[0] == '.' || strstr(file, "..") == file || strstr(file, "/.")))
        abort();
    if (broker_rest_kdf_name(text, &found, &len) && (found < text || found + len > text + strlen(text)))
        abort();
    (void)broker_static_type(text);
    (void)broker_origin_host_ok(text, "hearth.example", "box");
    (void)broker_origin_ok(text, "127.0.0.1:1", "https://hearth.example");
    (void)broker_options_url(text, origin, host);
    (void)broker_options_address(text, address, &port);
    (void)broker_text_account_name((const char *)data, size, name);
    (void)broker_ratelimit_address_key(text, key);
    if (strlen(broker_text_quote(quote, (const char *)data, size)) >= BROKER_QUOTE_MAX)
        abort();
    free(text);
    free(file);
    return 0;
}
