/* One polite voice for the whole page: sentences are merged and spoken at most once a second. */
import { signal } from "@preact/signals";

const EVERY_MS = 1000;
const QUEUE_MAX = 4; // beyond this only the newest are spoken

export const spoken = signal("");
let queue: string[] = [];
let timer = 0;

function flush(): void {
  timer = 0;
  if (queue.length === 0) return;
  const text = queue.join(" ");
  // The same words twice would not be announced: a trailing no-break space makes them new.
  spoken.value = text === spoken.value ? `${text}\u00a0` : text;
  queue = [];
  timer = window.setTimeout(flush, EVERY_MS);
}

export function say(sentence: string): void {
  if (queue.includes(sentence)) return;
  queue.push(sentence);
  queue = queue.slice(-QUEUE_MAX);
  if (!timer) timer = window.setTimeout(flush, 50);
}
