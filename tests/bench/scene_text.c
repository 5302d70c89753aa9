/* Scenes of text: editor, document, terminal, slides, and the two that are held out. */
#include "tests/bench/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDITOR_LINE_PX 20
#define EDITOR_TOP 64
#define EDITOR_LEFT 86
#define EDITOR_COLUMNS 100
#define EDITOR_FONT_PX 14.0

static double cell_px(struct canvas *canvas, double size_px)
{
    return canvas_width(canvas, CANVAS_MONO, size_px, "0000000000") / 10.0;
}

static void code_line(uint32_t *seed, char *out, size_t cap, int32_t number)
{
    static const char *const forms[] = {"    const size_t %s = %s_length(%s, %u);",
        "    if (%s == NULL || %s->count > %s[%u])", "        return %s_error(%s, %s, %u);",
        "static int %s(struct %s *%s) /* %u */", "    for (uint32_t i = 0; i < %s; %s++) %s += %u;",
        "    /* %s is kept by the %s until %s has %u left */", "    memcpy(&%s->%s, %s, %u);"};
    static const char *const names[] = {"frame", "packet", "window", "buffer", "offset", "session", "cursor",
        "viewer", "region", "length", "stream", "credit", "record", "table"};
    const char *n[3];
    for (int32_t i = 0; i < 3; i++)
        n[i] = names[canvas_random(seed) % (sizeof names / sizeof names[0])];
    const uint32_t number_in = canvas_random(seed) % 4096;
    if (number % 11 == 7)
        out[0] = 0;
    else if (number % 11 == 6)
        (void)snprintf(out, cap, "}");
    else {
        char form[160];
        (void)snprintf(
            form, sizeof form, "%s", forms[canvas_random(seed) % (sizeof forms / sizeof forms[0])]);
        /* Filled by hand: the forms are data, not formats. */
        size_t len = 0;
        int32_t k = 0;
        for (const char *p = form; *p && len + 24 < cap; p++) {
            if (p[0] == '%' && p[1] == 's')
                len += (size_t)snprintf(out + len, cap - len, "%s", n[k++ % 3]), p++;
            else if (p[0] == '%' && p[1] == 'u')
                len += (size_t)snprintf(out + len, cap - len, "%u", number_in), p++;
            else
                out[len++] = *p;
        }
        out[len] = 0;
    }
}

static uint32_t code_colour(const char *line)
{
    const char *p = line + strspn(line, " ");
    if (strncmp(p, "/*", 2) == 0)
        return 0x6a9955;
    if (strncmp(p, "if", 2) == 0 || strncmp(p, "for", 3) == 0 || strncmp(p, "return", 6) == 0)
        return 0xc586c0;
    return strncmp(p, "static", 6) == 0 ? 0x569cd6 : 0xd4d4d4;
}

void scene_paint_editor(struct scene *scene, struct canvas *to, int32_t lines)
{
    uint32_t seed = scene->seed + 3;
    canvas_fill(to, 0, 0, to->w, to->h, 0x1e1e1e);
    canvas_fill(to, 0, 0, to->w, 36, 0x3c3c3c);
    canvas_text(to, 40, 23, CANVAS_SANS, 13, 0xcccccc, "session.c \xe2\x80\x94 hall \xe2\x80\x94 an editor");
    canvas_fill(to, 0, 36, to->w, 24, 0x252526);
    canvas_text(to, 300, 53, CANVAS_SANS, 12, 0xffffff, "session.c");
    canvas_text(to, 400, 53, CANVAS_SANS, 12, 0x969696, "channel.h");
    for (int32_t i = 0; i < lines; i++) {
        char line[200], number[16];
        code_line(&seed, line, sizeof line, i);
        const int32_t base = EDITOR_TOP + i * EDITOR_LINE_PX + 15;
        (void)snprintf(number, sizeof number, "%4d", i + 214);
        canvas_text(to, 30, base, CANVAS_MONO, EDITOR_FONT_PX, 0x858585, number);
        canvas_text(to, EDITOR_LEFT, base, CANVAS_MONO, EDITOR_FONT_PX, code_colour(line), line);
    }
    canvas_fill(to, 0, to->h - 24, to->w, 24, 0x007acc);
    canvas_text(
        to, 320, to->h - 8, CANVAS_SANS, 12, 0xffffff, "Ln 262, Col 1    Spaces: 4    UTF-8    LF    C");
}

void scene_typing_start(struct scene *scene)
{
    scene->line = 44;
    scene_paint_editor(scene, &scene->screen, scene->line);
    scene->area = (struct bench_area){0, EDITOR_TOP, BENCH_W, BENCH_H - EDITOR_TOP - 40};
}

void scene_typing_frame(struct scene *scene, uint32_t n)
{
    static const char text[] = "the quick brown fox jumps over it, and nobody = watching(here); ";
    struct canvas *s = &scene->screen;
    const double cell = cell_px(s, EDITOR_FONT_PX);
    const int32_t y = EDITOR_TOP + scene->line * EDITOR_LINE_PX;
    const int32_t x = EDITOR_LEFT + (int32_t)(scene->column * cell);
    const char glyph[2] = {text[n % (sizeof text - 1)], 0};
    canvas_fill(s, x, y, (int32_t)cell + 4, EDITOR_LINE_PX, 0x1e1e1e);
    canvas_text(s, EDITOR_LEFT + scene->column * cell, y + 15, CANVAS_MONO, EDITOR_FONT_PX, 0xd4d4d4, glyph);
    canvas_fill(s, EDITOR_LEFT + (int32_t)((scene->column + 1) * cell), y + 2, 2, 16, 0xaeafad);
    scene_changed(scene, x, y, (int32_t)(2 * cell) + 4, EDITOR_LINE_PX);
    if (++scene->column == EDITOR_COLUMNS) {
        scene->column = 0;
        scene->line++;
    }
}

/* A document: headings and paragraphs in a proportional face, and pictures when asked for. */
void scene_paint_page(struct scene *scene, struct canvas *to, bool images)
{
    uint32_t seed = scene->seed + 17;
    const int32_t left = to->w / 8, right = to->w - left;
    canvas_fill(to, 0, 0, to->w, to->h, 0xffffff);
    int32_t y = 60, until_heading = 0, until_picture = 2;
    while (y < to->h) {
        char line[256];
        if (until_heading-- == 0) {
            canvas_words(&seed, line, sizeof line, 38);
            canvas_bold(to, left, y + 30, CANVAS_SANS, 26, 0x1a3350, line);
            canvas_fill(to, left, y + 44, right - left, 1, 0xc8c8c8);
            y += 70;
            until_heading = 3 + (int32_t)(canvas_random(&seed) % 3);
        }
        if (images && until_picture-- <= 0) {
            const int32_t w = 420 + (int32_t)(canvas_random(&seed) % 300), h = 280;
            canvas_copy(to, left, y, scene_photo(scene, canvas_random(&seed) % 3),
                (int32_t)(canvas_random(&seed) % 900), (int32_t)(canvas_random(&seed) % 600), w, h);
            canvas_words(&seed, line, sizeof line, 60);
            canvas_text(to, left + w + 24, y + 24, CANVAS_SANS, 14, 0x505050, line);
            y += h + 30;
            until_picture = 3;
        }
        const int32_t count = 4 + (int32_t)(canvas_random(&seed) % 5);
        for (int32_t i = 0; i < count && y < to->h; i++, y += 32) {
            canvas_words(&seed, line, sizeof line, i == count - 1 ? 70 : 118);
            canvas_text(to, left, y + 22, CANVAS_SERIF, 18, 0x202020, line);
        }
        y += 22;
    }
}

static const struct bench_area document = {160, 60, 1600, 960};

static void paint_frame(struct scene *scene, const char *title)
{
    canvas_fill(&scene->screen, 0, 0, BENCH_W, BENCH_H, 0x31424a);
    canvas_fill(&scene->screen, document.x - 1, document.y - 27, document.w + 2, document.h + 28, 0x202428);
    canvas_text(&scene->screen, document.x + 12, document.y - 9, CANVAS_SANS, 13, 0xe0e0e0, title);
}

static void show_sheet(struct scene *scene)
{
    canvas_copy(
        &scene->screen, document.x, document.y, &scene->sheet, 0, scene->offset, document.w, document.h);
    scene_changed(scene, document.x, document.y, document.w, document.h);
}

#define SCROLL_STEP_PX 60

void scene_scroll_start(struct scene *scene)
{
    canvas_init(&scene->sheet, NULL, document.w, document.h + SCROLL_STEP_PX * (int32_t)(scene->frames + 1));
    scene_paint_page(scene, &scene->sheet, false);
    paint_frame(scene, "A document");
    show_sheet(scene);
    scene->area = document;
}

void scene_scroll_frame(struct scene *scene, uint32_t n)
{
    scene->offset = SCROLL_STEP_PX * (int32_t)n;
    show_sheet(scene);
}

#define PAGE_STEP_MOST_PX 131

void scene_page_start(struct scene *scene)
{
    canvas_init(
        &scene->sheet, NULL, document.w, document.h + PAGE_STEP_MOST_PX * (int32_t)(scene->frames + 1) / 2);
    scene_paint_page(scene, &scene->sheet, true);
    paint_frame(scene, "A page with pictures");
    show_sheet(scene);
    scene->area = document;
}

void scene_page_frame(struct scene *scene, uint32_t n)
{
    /* A wheel's swing: fast, then slower, a rest, sometimes back. */
    static const int32_t steps[] = {17, 131, 96, 61, 38, 23, 11, 4, 0, 0, 90, 71, 29, 8, -37, -19};
    const int32_t most = scene->sheet.h - document.h;
    scene->offset += steps[n % (sizeof steps / sizeof steps[0])];
    scene->offset = scene->offset < 0 ? 0 : scene->offset > most ? most : scene->offset;
    show_sheet(scene);
}

static const struct bench_area terminal = {320, 126, 1280, 828};
#define TERMINAL_LINE_PX 18
#define TERMINAL_STEP 4

static void log_line(struct scene *scene, int32_t y, uint32_t number)
{
    static const struct {
        const char *text;
        uint32_t rgb;
    } levels[] = {{"INFO ", 0x4ec9b0}, {"DEBUG", 0x808080}, {"INFO ", 0x4ec9b0}, {"WARN ", 0xdcdcaa},
        {"ERROR", 0xf44747}};
    struct canvas *s = &scene->screen;
    char head[64], tail[200], words[120];
    const uint32_t r = canvas_random(&scene->seed);
    const double cell = cell_px(s, 13);
    (void)snprintf(head, sizeof head, "12:%02u:%02u.%06u", number / 3600 % 60, number / 60 % 60, r % 1000000);
    canvas_words(&scene->seed, words, sizeof words, 24 + r % 60);
    (void)snprintf(tail, sizeof tail, "worker-%02u req=%08x %s took=%uus", r % 16,
        canvas_random(&scene->seed), words, r >> 18);
    canvas_text(s, terminal.x + 4, y + 13, CANVAS_MONO, 13, 0xcccccc, head);
    canvas_text(s, terminal.x + 4 + 17 * cell, y + 13, CANVAS_MONO, 13, levels[r >> 8 & 3u].rgb,
        levels[r >> 8 & 3u].text);
    canvas_text(s, terminal.x + 4 + 24 * cell, y + 13, CANVAS_MONO, 13, 0xcccccc, tail);
}

void scene_terminal_start(struct scene *scene)
{
    canvas_fill(&scene->screen, 0, 0, BENCH_W, BENCH_H, 0x31424a);
    canvas_fill(&scene->screen, terminal.x - 1, terminal.y - 27, terminal.w + 2, terminal.h + 28, 0x3a3f44);
    canvas_text(&scene->screen, terminal.x + 12, terminal.y - 9, CANVAS_SANS, 13, 0xe0e0e0, "Terminal");
    canvas_fill(&scene->screen, terminal.x, terminal.y, terminal.w, terminal.h, 0x0c0c0c);
    for (int32_t i = 0; i < terminal.h / TERMINAL_LINE_PX; i++)
        log_line(scene, terminal.y + i * TERMINAL_LINE_PX, (uint32_t)i);
    scene->area = terminal;
}

void scene_terminal_frame(struct scene *scene, uint32_t n)
{
    const int32_t step = TERMINAL_STEP * TERMINAL_LINE_PX, stay = terminal.h - step;
    canvas_copy(&scene->screen, terminal.x, terminal.y, &scene->screen, terminal.x, terminal.y + step,
        terminal.w, stay);
    canvas_fill(&scene->screen, terminal.x, terminal.y + stay, terminal.w, step, 0x0c0c0c);
    for (int32_t i = 0; i < TERMINAL_STEP; i++)
        log_line(scene, terminal.y + stay + i * TERMINAL_LINE_PX, n * TERMINAL_STEP + (uint32_t)i);
    scene_changed(scene, terminal.x, terminal.y, terminal.w, terminal.h);
}

/* The whole screen but the strips that hold the barcodes. */
static const struct bench_area body = {0, 40, BENCH_W, BENCH_H - 80};

static void show_body(struct scene *scene, const struct canvas *from)
{
    canvas_copy(&scene->screen, body.x, body.y, from, body.x, body.y, body.w, body.h);
    scene_changed(scene, body.x, body.y, body.w, body.h);
}

void scene_alttab_start(struct scene *scene)
{
    canvas_init(&scene->sheet, NULL, BENCH_W, BENCH_H);
    canvas_init(&scene->second, NULL, BENCH_W, BENCH_H);
    scene_paint_editor(scene, &scene->sheet, 48);
    scene_paint_page(scene, &scene->second, true);
    canvas_fill(&scene->screen, 0, 0, BENCH_W, BENCH_H, 0x20262b);
    show_body(scene, &scene->sheet);
    scene->area = body;
}

void scene_alttab_frame(struct scene *scene, uint32_t n)
{
    show_body(scene, n % 2 == 0 ? &scene->sheet : &scene->second);
}

#define SLIDES 5

static void paint_slide(struct scene *scene, struct canvas *to, uint32_t number)
{
    uint32_t seed = scene->seed + number * 101;
    char line[160];
    canvas_fill(to, 0, 0, to->w, to->h, 0xfdfcf8);
    canvas_fill(to, 0, 40, to->w, 150, 0x14304f + 0x0a0806 * number);
    canvas_words(&seed, line, sizeof line, 40);
    canvas_bold(to, 110, 140, CANVAS_SANS, 52, 0xffffff, line);
    for (int32_t i = 0; i < 5; i++) {
        const int32_t y = 300 + i * 120;
        canvas_fill(to, 130, y - 22, 16, 16, 0xd0742a);
        canvas_words(&seed, line, sizeof line, 62);
        canvas_text(to, 180, y, CANVAS_SANS, 34, 0x202a33, line);
        canvas_words(&seed, line, sizeof line, 90);
        canvas_text(to, 180, y + 44, CANVAS_SANS, 22, 0x5a6670, line);
    }
    for (uint32_t i = 0; i < 6; i++) {
        const int32_t high = 60 + (int32_t)(canvas_random(&seed) % 420);
        canvas_fill(to, 1380 + (int32_t)i * 76, 860 - high, 52, high, 0x3b78a8 - 0x081018 * (i % 3));
    }
}

void scene_slides_start(struct scene *scene)
{
    canvas_init(&scene->sheet, NULL, BENCH_W, BENCH_H);
    canvas_fill(&scene->screen, 0, 0, BENCH_W, BENCH_H, 0x101418);
    paint_slide(scene, &scene->sheet, 0);
    show_body(scene, &scene->sheet);
    scene->area = body;
}

void scene_slides_frame(struct scene *scene, uint32_t n)
{
    /* To the last slide and back again. */
    const uint32_t at = n % (2 * (SLIDES - 1));
    paint_slide(scene, &scene->sheet, at < SLIDES ? at : 2 * (SLIDES - 1) - at);
    show_body(scene, &scene->sheet);
}

#define SHEET_ROW_PX 24
#define SHEET_COLUMN_PX 112
#define SHEET_TOP 120
#define SHEET_ROWS 36
#define SHEET_COLUMNS 16

static void paint_cell(struct scene *scene, int32_t column, int32_t row, bool chosen)
{
    struct canvas *s = &scene->screen;
    const int32_t x = 60 + column * SHEET_COLUMN_PX, y = SHEET_TOP + row * SHEET_ROW_PX;
    char text[32];
    uint32_t seed = (uint32_t)(row * 31 + column) * 2246822519u + scene->seed;
    canvas_fill(s, x, y, SHEET_COLUMN_PX, SHEET_ROW_PX, 0xd0d4d8);
    canvas_fill(s, x, y, SHEET_COLUMN_PX - 1, SHEET_ROW_PX - 1, row % 2 ? 0xf6f8fa : 0xffffff);
    if (column == 0)
        canvas_words(&seed, text, sizeof text, 12);
    else
        (void)snprintf(
            text, sizeof text, "%u.%02u", canvas_random(&seed) % 90000, canvas_random(&seed) % 100);
    const double width = canvas_width(s, CANVAS_SANS, 13, text);
    canvas_text(s, column == 0 ? x + 6 : x + SHEET_COLUMN_PX - 8 - (int32_t)width, y + 17, CANVAS_SANS, 13,
        0x202428, text);
    if (!chosen)
        return;
    canvas_fill(s, x, y, SHEET_COLUMN_PX - 1, 2, 0x1a7340);
    canvas_fill(s, x, y + SHEET_ROW_PX - 3, SHEET_COLUMN_PX - 1, 2, 0x1a7340);
    canvas_fill(s, x, y, 2, SHEET_ROW_PX - 1, 0x1a7340);
    canvas_fill(s, x + SHEET_COLUMN_PX - 3, y, 2, SHEET_ROW_PX - 1, 0x1a7340);
}

static void paint_name(struct scene *scene)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%c%d", 'A' + scene->column, scene->line + 1);
    canvas_fill(&scene->screen, 60, 80, 120, 28, 0xffffff);
    canvas_text(&scene->screen, 70, 99, CANVAS_SANS, 14, 0x202428, text);
    scene_changed(scene, 60, 80, 120, 28);
}

void scene_sheet_start(struct scene *scene)
{
    canvas_fill(&scene->screen, 0, 0, BENCH_W, BENCH_H, 0xeceff1);
    canvas_fill(&scene->screen, 300, 0, 1300, 60, 0x1a7340);
    canvas_text(
        &scene->screen, 330, 38, CANVAS_SANS, 18, 0xffffff, "Accounts 2024 \xe2\x80\x94 a spreadsheet");
    for (int32_t row = 0; row < SHEET_ROWS; row++)
        for (int32_t column = 0; column < SHEET_COLUMNS; column++)
            paint_cell(scene, column, row, column == 0 && row == 0);
    paint_name(scene);
    scene->area = (struct bench_area){
        60, 80, SHEET_COLUMN_PX * SHEET_COLUMNS, SHEET_TOP - 80 + SHEET_ROWS * SHEET_ROW_PX};
}

void scene_sheet_frame(struct scene *scene, uint32_t n)
{
    const int32_t column = scene->column, row = scene->line;
    paint_cell(scene, column, row, false);
    scene_changed(
        scene, 60 + column * SHEET_COLUMN_PX, SHEET_TOP + row * SHEET_ROW_PX, SHEET_COLUMN_PX, SHEET_ROW_PX);
    if (n % 7 < 4)
        scene->line = (row + 1) % SHEET_ROWS;
    else
        scene->column = (column + 1) % SHEET_COLUMNS;
    paint_cell(scene, scene->column, scene->line, true);
    scene_changed(scene, 60 + scene->column * SHEET_COLUMN_PX, SHEET_TOP + scene->line * SHEET_ROW_PX,
        SHEET_COLUMN_PX, SHEET_ROW_PX);
    paint_name(scene);
}
