#include "codec/bench/scenes.h"

enum { FRAMES = 60 };

static void scene_typing(struct scene *s, int frame, struct codec_rect *damage)
{
    *damage = (struct codec_rect){40 + frame * 8, 500, 8, 15};
    if (frame == 0)
        scene_text(s, (struct codec_rect){0, 0, s->w, s->h}, 3, 0x202020, 0xffffff);
    else
        scene_text(s, *damage, 1000 + (uint32_t)frame, 0x202020, 0xffffff);
}

static void scene_scroll(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    if (frame == 0)
        scene_text(s, (struct codec_rect){0, 0, s->w, s->h}, 3, 0x202020, 0xffffff);
    scene_shift(s, (struct codec_rect){0, 90, s->w, s->h - 90}, 0, -60);
    scene_text(s, (struct codec_rect){0, s->h - 60, s->w, 60}, 500 + (uint32_t)frame * 4, 0x202020, 0xffffff);
}

static void scene_terminal(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    scene_text(s, (struct codec_rect){0, 0, s->w, s->h}, 100 + (uint32_t)frame * 4, 0xd0d0d0, 0x101010);
}

static void scene_drag(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    static const struct codec_rect all = {0, 0, SCENE_WIDTH_PX, SCENE_HEIGHT_PX};
    scene_photo(s, all, 0);
    const int at = frame < FRAMES / 4 ? frame : FRAMES / 2 - frame; /* there and back */
    scene_window(s, (struct codec_rect){100 + at * 12, 80 + at * 5, 760, 520}, 3);
}

static void scene_switch(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    scene_fill(s, (struct codec_rect){0, 0, s->w, s->h}, 0xeeeeec);
    for (int i = 0; i < 4; i++)
        scene_window(s, (struct codec_rect){60 + i * 300, 40 + i * 120 + frame % 7, 800, 600},
            (uint32_t)(frame * 40 + i * 9));
}

static void scene_photos(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    scene_photo(s, (struct codec_rect){0, 0, s->w, s->h}, frame * 517);
}

static void scene_video(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    if (frame == 0)
        scene_text(s, (struct codec_rect){0, 0, s->w, s->h}, 3, 0x202020, 0xffffff);
    scene_photo(s, (struct codec_rect){480, 270, 960, 540}, frame * 517);
}

/* A page scrolls in its pane; beside it a list that rests, below that something that spins. */
static void scene_pane(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    enum { SIDE_PX = 300, HEAD_PX = 73, STEP_PX = 53 };
    const struct codec_rect page = {SIDE_PX + 1, HEAD_PX, s->w - SIDE_PX - 1, s->h - HEAD_PX};
    if (frame == 0) {
        scene_fill(s, (struct codec_rect){0, 0, s->w, s->h}, 0x2b303b);
        scene_text(s, (struct codec_rect){10, HEAD_PX, SIDE_PX - 20, s->h - 300}, 77, 0xc0c5ce, 0x2b303b);
        scene_text(s, page, 5, 0x333333, 0xfdfdfd);
        scene_photo(s, (struct codec_rect){page.x + 200, 400, 500, 350}, 0);
    } else {
        scene_shift(s, page, 0, -STEP_PX);
        scene_text(s, (struct codec_rect){page.x, s->h - STEP_PX, page.w, STEP_PX}, 900 + (uint32_t)frame * 4,
            0x333333, 0xfdfdfd);
    }
    for (int i = 0; i < 8; i++)
        scene_fill(s, (struct codec_rect){100 + i * 9, s->h - 150 + (i * frame * 5) % 61, 7, 7},
            0x102030u * (uint32_t)(1 + (i + frame) % 8));
}

/* A window goes slantwise, faster and slower, over a picture that was not seen before. */
static void scene_diagonal(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    static const struct codec_rect all = {0, 0, SCENE_WIDTH_PX, SCENE_HEIGHT_PX};
    static const int step[4] = {3, 11, 29, 17};
    int at = 0;
    for (int i = 0; i < frame; i++)
        at += step[i % 4];
    scene_photo(s, all, 0);
    scene_window(s, (struct codec_rect){30 + at, 20 + at * 2 / 5, 701, 433}, 31);
}

/* Two windows move at once, the one over the other. */
static void scene_two(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    static const struct codec_rect all = {0, 0, SCENE_WIDTH_PX, SCENE_HEIGHT_PX};
    scene_text(s, all, 900, 0x557755, 0xe8f0e8);
    scene_window(s, (struct codec_rect){900 - frame * 13, 300 + frame * 4, 640, 480}, 3);
    scene_window(s, (struct codec_rect){60 + frame * 21, 100 + frame * 9, 500, 400}, 60);
}

/* Three full screens, one after the other, round and round; a clock in the corner goes on. */
static void scene_alt_tab(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    const struct codec_rect all = {0, 0, s->w, s->h - 40};
    if (frame % 3 == 0) {
        scene_text(s, all, 3, 0xd0d0d0, 0x101010);
    } else if (frame % 3 == 1) {
        scene_text(s, all, 400, 0x202020, 0xffffff);
        scene_photo(s, (struct codec_rect){1100, 200, 600, 400}, 0);
    } else {
        scene_fill(s, all, 0xeeeeec);
        for (int i = 0; i < 3; i++)
            scene_window(s, (struct codec_rect){60 + i * 300, 40 + i * 120, 800, 600}, (uint32_t)(i * 90));
    }
    scene_fill(s, (struct codec_rect){0, s->h - 40, s->w, 40}, 0x303030);
    scene_text(
        s, (struct codec_rect){s->w - 120, s->h - 30, 80, 15}, 900 + (uint32_t)frame, 0xffffff, 0x303030);
}

/* Ten slides forth, and back again. */
static void scene_slides(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    const int slide = frame < 10 ? frame : 19 - frame;
    scene_fill(s, (struct codec_rect){0, 0, s->w, s->h}, 0xffffff);
    scene_fill(s, (struct codec_rect){0, 0, s->w, 130}, 0x204a87);
    scene_text(s, (struct codec_rect){100, 50, 900, 45}, 70 * (uint32_t)slide, 0xffffff, 0x204a87);
    scene_text(s, (struct codec_rect){100, 200, 800, 700}, 7 + 50 * (uint32_t)slide, 0x202020, 0xffffff);
    scene_photo(s, (struct codec_rect){1000, 250, 640, 480}, slide * 717);
}

const struct bench_scene BENCH_SCENES[] = {
    {"typing", scene_typing, FRAMES, 0, true},
    {"scroll", scene_scroll, FRAMES, 0, false},
    {"terminal", scene_terminal, FRAMES, 0, false},
    {"window", scene_drag, FRAMES / 2, 0, false},
    {"switch", scene_switch, FRAMES / 4, 0, false},
    {"photo", scene_photos, 4, 0, false},
    {"video", scene_video, 10, 0, false},
    {"pane", scene_pane, FRAMES / 2, 0, false},
    {"diagonal", scene_diagonal, FRAMES / 2, 0, false},
    {"alt-tab", scene_alt_tab, FRAMES / 4, 1000000, false},
    {"slides", scene_slides, 20, 1000000, false},
    {"two", scene_two, FRAMES / 2, 0, false},
};

const size_t BENCH_SCENE_COUNT = sizeof BENCH_SCENES / sizeof BENCH_SCENES[0];
