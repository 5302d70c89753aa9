#include "host/clipboard/internal.h"

#include <stdlib.h>
#include <string.h>

const char *clipboard_strerror(int err)
{
    switch ((enum clipboard_error)err) {
    case CLIPBOARD_OK:
        return "no error";
    case CLIPBOARD_ERR_NOMEM:
        return "out of memory";
    case CLIPBOARD_ERR_LOST:
        return "the display is gone";
    case CLIPBOARD_ERR_LENGTH:
        return "the text is too long";
    case CLIPBOARD_ERR_TEXT:
        return "the text is not UTF-8";
    }
    return "unknown error";
}

struct clipboard_text *clipboard_text_create(const char *bytes, size_t len)
{
    struct clipboard_text *text = malloc(sizeof *text + len);
    if (!text)
        return NULL;
    text->refs = 1;
    text->len = len;
    if (len)
        memcpy(text->bytes, bytes, len);
    return text;
}

void clipboard_text_unref(struct clipboard_text *text)
{
    if (text && --text->refs == 0)
        free(text);
}

bool clipboard_text_valid(const char *text, size_t len)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t at = 0; at < len;) {
        uint8_t lead = (uint8_t)text[at];
        size_t need = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
        if (!need || need > len - at || !lead)
            return false;
        uint32_t value = need == 1 ? lead : lead & (0x7fu >> need);
        for (size_t i = 1; i < need; i++) {
            uint8_t next = (uint8_t)text[at + i];
            if ((next & 0xc0) != 0x80)
                return false;
            value = value << 6 | (next & 0x3f);
        }
        if (value < least[need] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return false;
        at += need;
    }
    return true;
}
