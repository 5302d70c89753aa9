// Does this browser decode our video, at once? Asked with a sample of ours before any host is told so, because
// isConfigSupported promises what the first packet may not keep, and some decoders hold pictures back.

export const H264 = 1;
export const H264_FULL = 2; // 4:4:4

/** How long a picture may take: the first starts the decoder, perhaps in another process. */
const FIRST_MS = 1500;
const NEXT_MS = 250;
const SIDE = 64;
/** The luma of the last picture of a sample, within what decoders differ. */
const LAST_GREY = 180;
const GREY_APART = 12;

export type Acceleration = "no-preference" | "prefer-software";

export interface Way {
  /** Bits 1 << H264, 1 << H264_FULL: ScreenStart.video. */
  kinds: number;
  acceleration: Record<number, Acceleration>;
}

/** 64x64, BT.709 full range, grey 60, 100, 140, 180: one key and three deltas, in hexadecimal. */
const SAMPLES: Record<number, { codec: string; packets: string[] }> = {
  [H264]: {
    codec: "avc1.64001f",
    packets: [
      "000000016764001facb42134dc0404050000030001000003003c8f1832a00000000168ef0bcb00000165888404bfe27f05defeefb932fdfffbde8c756a329baeae4f8bbd6e4b0eace8924648e1",
      "00000001419a27405020b7fffed6a59b40",
      "00000001419a47405020b7fffed6a59b41",
      "00000001419a67405020bffffed6a59b40",
    ],
  },
  [H264_FULL]: {
    codec: "avc1.f4001f",
    packets: [
      "0000000167f4001f919684269b808080a0000003002000000791e306540000000168ef0b19219000000165888404bfe27f05c3c419e3548ffffffffef773fffab9ffe493fa25fdf46fe95be96bf3df7e26d29d2e2904e7e3f9",
      "00000001419a27405020b7fffed6a59b40",
      "00000001419a47405020b7fffed6a59b41",
      "00000001419a67405020bffffed6a59b40",
    ],
  },
};

const NONE: Way = { kinds: 0, acceleration: {} };

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (two) => Number.parseInt(two, 16));
}

/** Formats whose planes can be read; others stay inside the browser. */
export function readable(format: string | null): boolean {
  return format === "I420" || format === "NV12" || format === "I444";
}

/** Each packet of a sample gives its picture before the next one goes in. */
async function works(kind: number, acceleration: Acceleration): Promise<boolean> {
  const sample = SAMPLES[kind];
  if (!sample) return false;
  const config = { codec: sample.codec, optimizeForLatency: true, hardwareAcceleration: acceleration };
  if (!(await VideoDecoder.isConfigSupported(config)).supported) return false;
  let came: (frame: VideoFrame | null) => void = () => undefined;
  const decoder = new VideoDecoder({
    output: (frame) => came(frame),
    error: () => came(null),
  });
  try {
    decoder.configure(config);
    for (const [i, packet] of sample.packets.entries()) {
      const picture = new Promise<VideoFrame | null>((resolve) => {
        came = (frame) => resolve(frame);
        setTimeout(resolve, i === 0 ? FIRST_MS : NEXT_MS, null);
      });
      decoder.decode(
        new EncodedVideoChunk({ type: i === 0 ? "key" : "delta", timestamp: i * 33333, data: bytes(packet) }),
      );
      const frame = await picture;
      // One that comes too late is nobody's.
      came = (late) => late?.close();
      if (!frame) return false;
      const right = await looksRight(frame, i === sample.packets.length - 1);
      frame.close();
      if (!right) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    if (decoder.state !== "closed") decoder.close();
  }
}

async function looksRight(frame: VideoFrame, last: boolean): Promise<boolean> {
  const size = frame.visibleRect;
  if (!readable(frame.format) || size?.width !== SIDE || size.height !== SIDE) return false;
  if (!last) return true;
  const planes = new Uint8Array(frame.allocationSize());
  const [luma] = await frame.copyTo(planes);
  if (!luma) return false;
  const grey = planes[luma.offset + (SIDE / 2) * luma.stride + SIDE / 2] ?? 0;
  return Math.abs(grey - LAST_GREY) <= GREY_APART;
}

async function look(): Promise<Way> {
  // Only in secure contexts, and not everywhere there.
  if (typeof VideoDecoder === "undefined" || typeof EncodedVideoChunk === "undefined") return NONE;
  const way: Way = { kinds: 0, acceleration: {} };
  for (const kind of [H264, H264_FULL])
    for (const acceleration of ["no-preference", "prefer-software"] as const) {
      if (!(await works(kind, acceleration).catch(() => false))) continue;
      way.kinds |= 1 << kind;
      way.acceleration[kind] = acceleration;
      break;
    }
  return way;
}

let found: Promise<Way> | null = null;

/** What this browser decodes; asked once. */
export function videoWay(): Promise<Way> {
  found ??= look();
  return found;
}
