/* The input of fuzz_viewer_video: what a host does with video streams, one command after the other. Each is a
 * byte of enum video_command, then its fields; rectangles are four bytes x, y, w - 1, h - 1 in steps of
 * VIDEO_STEP_PX, cut at the screen's edge as a cell may be. */
#pragma once

enum video_command {
    VIDEO_SEND,  /* the message so far goes out */
    VIDEO_START, /* u8 width - 1, u8 height - 1, at most 127: a new epoch */
    VIDEO_OPEN,  /* u8 stream, u8 profile, rectangle */
    VIDEO_DELTA, /* u8 stream, u16 length, bytes */
    VIDEO_KEY,   /* the same */
    VIDEO_CLOSE, /* u8 stream */
    VIDEO_COVER, /* u8 stream, rectangle */
    VIDEO_FILL,  /* rectangle */
    VIDEO_COMMANDS
};

enum { VIDEO_STEP_PX = 8 }; /* half a cell: now and then it is not aligned */
