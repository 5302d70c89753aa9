// The worker of one picture: its session orders over a port, the main thread shows what it decodes.

import type { Order, PictureEvent, ToPicture } from "./messages";
import { instantiatePicture } from "./modules";
import { Picture } from "./picture";
import { videoWay, type Way } from "./videoprobe";

const scope = self as unknown as DedicatedWorkerGlobalScope;
let picture: Picture | null = null;

function event(event: PictureEvent, transfer: Transferable[] = []): void {
  scope.postMessage(event, transfer);
}

function start(message: Extract<ToPicture, { is: "start" }>): void {
  const { port } = message;
  let way: Way = message.way ?? { kinds: 0, acceleration: {} };
  const known = (found: Way) => {
    way = found;
    port.postMessage({ is: "way", kinds: found.kinds });
    event({ is: "way", way: found });
  };
  if (message.way) known(message.way);
  else void videoWay().then(known);
  const made = new Picture(instantiatePicture(message.hearth, message.jpeg), () => way, {
    news: (news) => port.postMessage(news),
    event,
  });
  picture = made;
  port.onmessage = (order: MessageEvent<Order>) => made.take(order.data);
}

scope.onmessage = ({ data }: MessageEvent<ToPicture>) => {
  if (data.is === "start") start(data);
  else picture?.presented(data.frame, data.buffer);
};
