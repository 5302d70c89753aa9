#include "host/commands/command.h"

#include <qrencode.h>
#include <stdio.h>

enum { QUIET = 2 }; /* light modules around; four are asked for, two do on a screen */

static bool dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

void host_qr_print(const char *text)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    if (!code)
        return;
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        /* Colours are named, because a terminal may be light or dark. */
        (void)fputs("  \033[38;5;16m\033[48;5;231m", stdout);
        for (int x = -QUIET; x < code->width + QUIET; x++) {
            bool top = dark(code, x, y), bottom = dark(code, x, y + 1);
            (void)fputs(top && bottom ? "█" : top ? "▀" : bottom ? "▄" : " ", stdout);
        }
        (void)fputs("\033[0m\n", stdout);
    }
    QRcode_free(code);
}
