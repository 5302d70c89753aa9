/* The time for words such as "12 min": ticks each second while the page is seen. Read it in small components only. */
import { signal } from "@preact/signals";

export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
