/* A program with a window on the test's display that takes keys as toolkits do: xkbcommon over xcb, the
 * keymap fetched again when the server says it changed. Runs as a process of its own. */
#pragma once

#include <sys/types.h>

/* Starts it; the window is at 0,0 above all others, 200 x 200 px. What is typed (UTF-8) is appended to
 * text_path; each event as a line "press|release KEYSYM-NAME STATE-HEX" or "button|unbutton N" to
 * events_path. Each event takes it slow_us. Returns when the window is there. */
pid_t key_client_start(const char *text_path, const char *events_path, unsigned slow_us);
