/* The engine's values as signals that components track. One mirror per source, held as long as the source is. */
import { type Signal, signal } from "@preact/signals";
import type { ReadonlySignal } from "../engine/api";

const mirrors = new WeakMap<object, Signal<unknown>>();

export function mirror<T>(source: ReadonlySignal<T>): Signal<T> {
  let made = mirrors.get(source) as Signal<T> | undefined;
  if (!made) {
    const fresh = signal(source.value);
    source.subscribe((value) => {
      fresh.value = value;
    });
    mirrors.set(source, fresh);
    made = fresh;
  }
  return made;
}

/* The value now; a component or effect that reads it runs again when it changes. */
export function read<T>(source: ReadonlySignal<T>): T {
  return mirror(source).value;
}
