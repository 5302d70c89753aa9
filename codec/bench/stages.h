/* Processor time of the encoder's stages. The linker puts these functions around the encoder's own
 * (--wrap), so that the encoder itself has no clock. */
#pragma once

enum stage { STAGE_DIFF, STAGE_MOTION, STAGE_SLOTS, STAGE_CODE, STAGE_COUNT };

/* Processor time of this process, so that others may be using the machine. */
double stage_now_ms(void);

/* Milliseconds of each stage since the last call. */
void stage_take(double out_ms[STAGE_COUNT]);
