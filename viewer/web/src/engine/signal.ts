// A value that tells when it changes. Small on purpose: the engine needs no more than api.ts asks.

import type { ReadonlySignal } from "./api";

export class Signal<T> implements ReadonlySignal<T> {
  private readonly listeners = new Set<(value: T) => void>();

  constructor(private held: T) {}

  get value(): T {
    return this.held;
  }

  set(value: T): void {
    if (Object.is(value, this.held)) return;
    this.held = value;
    for (const fn of [...this.listeners]) fn(value);
  }

  /** Also called at once with the value as it is, as other signals do. */
  subscribe(fn: (value: T) => void): () => void {
    this.listeners.add(fn);
    fn(this.held);
    return () => {
      this.listeners.delete(fn);
    };
  }
}
