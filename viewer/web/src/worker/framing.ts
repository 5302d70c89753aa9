// Control messages in a byte stream: u32 big-endian length + body, at most 1 MiB. Pure.

import { type Bytes, concat } from "./bytes";

export const MESSAGE_MAX = 1 << 20;

export function framed(body: Uint8Array): Bytes {
  if (body.length > MESSAGE_MAX) throw new RangeError("control message over 1 MiB");
  const out = new Uint8Array(4 + body.length);
  new DataView(out.buffer).setUint32(0, body.length);
  out.set(body, 4);
  return out;
}

export class FrameReader {
  private held: Bytes = new Uint8Array(0);

  /** Whole messages so far, in order. Throws RangeError when a length breaks the limit. */
  push(data: Uint8Array): Bytes[] {
    this.held = concat(this.held, data);
    const out: Bytes[] = [];
    let at = 0;
    for (;;) {
      const left = this.held.length - at;
      if (left < 4) break;
      const len = new DataView(this.held.buffer, this.held.byteOffset + at).getUint32(0);
      if (len > MESSAGE_MAX) throw new RangeError("control message over 1 MiB");
      if (left - 4 < len) break;
      out.push(this.held.slice(at + 4, at + 4 + len));
      at += 4 + len;
    }
    if (at > 0) this.held = this.held.slice(at);
    return out;
  }
}
