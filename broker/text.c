#include "broker/text.h"

#include <stdio.h>
#include <string.h>
#include <wctype.h>

#include "broker/error.h"

/* One code point; returns its bytes, 0 when it is not UTF-8 (overlong forms and surrogates included). */
static size_t decode(const uint8_t *s, size_t len, uint32_t *out)
{
    if (len == 0)
        return 0;
    if (s[0] < 0x80) {
        *out = s[0];
        return 1;
    }
    size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || len < need)
        return 0;
    uint32_t code = s[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3fu);
    }
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *out = code;
    return need;
}

static size_t encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

bool broker_text_valid(const char *text, size_t len, size_t min, size_t max)
{
    if (len < min || len > max)
        return false;
    size_t at = 0;
    while (at < len) {
        uint32_t code = 0;
        size_t used = decode((const uint8_t *)text + at, len - at, &code);
        if (!used || code < 0x20 || (code >= 0x7f && code < 0xa0))
            return false;
        at += used;
    }
    return true;
}

int broker_text_account_name(const char *text, size_t len, char out[static BROKER_NAME_MAX + 1])
{
    if (!broker_text_valid(text, len, 1, BROKER_NAME_MAX))
        return BROKER_ERR_FORMAT;
    char name[BROKER_NAME_MAX + 1];
    size_t at = 0, written = 0;
    while (at < len) {
        uint32_t code = 0;
        at += decode((const uint8_t *)text + at, len - at, &code);
        bool allowed = code < 0x80 ? (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
                                         (code >= 'A' && code <= 'Z') || strchr("._-@+", (int)code)
                                   : iswalnum((wint_t)code) != 0;
        if (!allowed)
            return BROKER_ERR_FORMAT;
        char lower[4];
        size_t used = encode((uint32_t)towlower((wint_t)code), lower);
        if (used > BROKER_NAME_MAX - written)
            return BROKER_ERR_FORMAT;
        memcpy(name + written, lower, used);
        written += used;
    }
    memcpy(out, name, written);
    out[written] = '\0';
    return BROKER_OK;
}

const char *broker_text_quote(char out[static BROKER_QUOTE_MAX], const char *text, size_t len)
{
    size_t at = 0;
    out[at++] = '"';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (at > BROKER_QUOTE_MAX - 10) {
            memcpy(out + at, "...", 3);
            at += 3;
            break;
        }
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            out[at++] = (char)c;
        else
            at += (size_t)snprintf(out + at, 5, "\\x%02x", c);
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}

const char *broker_text_id(char out[static 9], const uint8_t *id)
{
    snprintf(out, 9, "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
    return out;
}
