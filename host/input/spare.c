#include "host/input/spare.h"

struct input_spare *input_spares_take(struct input_spares *spares, uint32_t keysym, const uint8_t down[256],
    uint64_t now_us, uint64_t *out_wait_us)
{
    struct input_spare *oldest = NULL;
    for (size_t i = 0; i < spares->count; i++) {
        struct input_spare *slot = &spares->slot[i];
        if (slot->keysym == keysym) {
            slot->used_us = now_us;
            return slot;
        }
        if (!down[slot->keycode] && (!oldest || slot->used_us < oldest->used_us))
            oldest = slot;
    }
    if (!oldest) {
        *out_wait_us = UINT64_MAX;
        return NULL;
    }
    if (oldest->keysym && now_us - oldest->used_us < INPUT_SPARE_REST_US) {
        *out_wait_us = oldest->used_us + INPUT_SPARE_REST_US;
        return NULL;
    }
    oldest->used_us = now_us;
    return oldest;
}

const struct input_spare *input_spares_at(const struct input_spares *spares, uint8_t keycode)
{
    for (size_t i = 0; i < spares->count; i++) {
        if (spares->slot[i].keycode == keycode)
            return &spares->slot[i];
    }
    return NULL;
}

bool input_spares_add(struct input_spares *spares, uint8_t keycode)
{
    if (spares->count == INPUT_SPARE_MAX)
        return false;
    spares->slot[spares->count++] = (struct input_spare){.keycode = keycode};
    return true;
}

void input_spares_remove(struct input_spares *spares, uint8_t keycode)
{
    for (size_t i = 0; i < spares->count; i++) {
        if (spares->slot[i].keycode == keycode) {
            spares->slot[i] = spares->slot[--spares->count];
            return;
        }
    }
}
