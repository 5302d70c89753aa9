// A relay socket: a dumb pipe for sealed records (docs/wire.md section 6).

import { HearthError } from "../engine/api";
import { type Bytes, equal } from "./bytes";

const SUBPROTOCOL = "hearth-relay-1";
const PAIR_TIMEOUT_MS = 10_000;
const PAIRED = 0x06;

export interface Pipe {
  readonly bufferedAmount: number;
  send(record: Bytes): void;
  close(): void;
  onrecord: (record: Bytes) => void;
  onclosed: () => void;
}

/** Resolves when the other side is there too. path is given by the broker and must stay on its origin. */
export function openRelay(path: string, token: Uint8Array, sessionId: Bytes): Promise<Pipe> {
  const url = new URL(path, self.location.origin);
  if (url.origin !== self.location.origin)
    return Promise.reject(
      new HearthError("denied", "The server named a relay on another address. The page does not go there."),
    );
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    let paired = false;
    const fail = () => {
      clearTimeout(timer);
      reject(
        new HearthError(
          "unreachable",
          "The other computer did not come to the meeting place. The page tries again by itself.",
        ),
      );
    };
    const timer = setTimeout(() => {
      socket.close();
      fail();
    }, PAIR_TIMEOUT_MS);
    const pipe: Pipe = {
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
      send: (record) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(record);
      },
      close: () => socket.close(),
      onrecord: () => undefined,
      onclosed: () => undefined,
    };
    socket.onopen = () => socket.send(new Uint8Array(token));
    socket.onclose = () => (paired ? pipe.onclosed() : fail());
    socket.onmessage = (event) => {
      if (!(event.data instanceof ArrayBuffer)) return;
      const data = new Uint8Array(event.data);
      if (paired) {
        pipe.onrecord(data);
      } else if (data.length === 17 && data[0] === PAIRED && equal(data.subarray(1), sessionId)) {
        paired = true;
        clearTimeout(timer);
        resolve(pipe);
      } else {
        socket.close();
        fail();
      }
    };
  });
}
