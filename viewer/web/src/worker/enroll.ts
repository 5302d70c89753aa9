// Approving a new PC (docs/wire.md section 9): the state machine runs in C; this moves its messages and
// asks the broker to take the PC's entry before the PC hears of it.

import { HearthError } from "../engine/api";
import { type Bytes, concat, hex, textOf } from "./bytes";
import type { Core, Ptr } from "./core";
import type { Identity } from "./identity";
import type { Link } from "./link";
import { deviceId } from "./log";
import { argon2 } from "./password";

const MESSAGE_MAX = 60_000;
const CODE_LEN = 8;
const LOCATOR_LEN = 4;
const WORDS = 4;
const WORD_BYTES = 13;
const PC_BYTES = 200;
const ANSWER_TIMEOUT_MS = 30_000;
const ERR_CODE = -2;

interface Pc {
  signPublic: Bytes;
  dhPublic: Bytes;
  name: string;
  os: string;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

export class Approval {
  private machine: Ptr = 0;
  private handle: bigint | null = null;
  private code = "";
  private pc: Pc | null = null;
  private waiter: Waiter | null = null;

  constructor(
    private readonly core: Core,
    private readonly me: Identity,
    private readonly link: Link,
  ) {}

  /** Resolves when the PC answered. */
  async find(typed: string): Promise<{ name: string; os: string; words: string[] }> {
    this.code = this.normalised(typed);
    this.handle = await this.link.enrollFind(this.code.slice(0, LOCATOR_LEN));
    this.machine = this.core.with((s) => this.core.x.hearth_enroll_create(s.text(this.code)));
    if (this.machine === 0) throw new HearthError("internal", "There is no memory left. Reload the page.");
    this.send((out, cap) => this.core.x.hearth_enroll_start(this.machine, out, cap));
    await this.answered();
    this.pc = this.readPc();
    if (!this.pc) throw spent();
    return { name: this.pc.name, os: this.pc.os, words: await this.words(this.pc) };
  }

  async approve(name: string): Promise<string> {
    const pc = this.pc;
    if (!pc || this.machine === 0)
      throw new HearthError("expired", "That code is spent. Show a new one on the PC.");
    await this.link.appendEntry(() =>
      this.me.log.makeAdd(this.me.deviceId, {
        signPublic: pc.signPublic,
        dhPublic: pc.dhPublic,
        role: "host",
        rights: 0,
        name: name.trim(),
      }),
    );
    this.send((out, cap) =>
      this.core.with((s) =>
        this.core.x.hearth_enroll_approve(
          this.machine,
          s.text(this.me.account),
          this.me.log.handle,
          out,
          cap,
        ),
      ),
    );
    await this.answered();
    if (!this.core.x.hearth_enroll_done(this.machine)) throw spent();
    this.close(true);
    return hex(deviceId(this.core, pc.signPublic, pc.dhPublic));
  }

  /** Also when the person went away: the PC is told, the code is spent. */
  close(told = false): void {
    if (this.handle !== null && !told) this.link.enrollSend(this.handle, new Uint8Array(0), true);
    this.handle = null;
    if (this.machine !== 0) this.core.x.hearth_enroll_destroy(this.machine);
    this.machine = 0;
    this.settle(
      new HearthError("cancelled", "Adding the PC was ended here. Show a new code on it to start again."),
    );
  }

  receive(handle: bigint, data: Bytes, end: boolean): void {
    if (handle !== this.handle || this.machine === 0) return;
    if (data.length > 0) {
      let err = 0;
      this.send((out, cap) =>
        this.core.with((s) => {
          const outLen = s.space(4);
          this.core.view.setUint32(outLen, 0, true);
          err = this.core.x.hearth_enroll_receive(this.machine, s.bytes(data), data.length, out, cap, outLen);
          return err < 0 ? 0 : this.core.view.getUint32(outLen, true);
        }),
      );
      if (err < 0) this.settle(err === ERR_CODE ? wrongCode() : spent());
      else if (this.pc === null || this.core.x.hearth_enroll_done(this.machine)) this.settle(null);
      else this.waitOn(); // a long log goes in parts, and the PC asks for each
    }
    if (end) this.settle(spent());
  }

  private send(make: (out: Ptr, cap: number) => number): void {
    const message = this.core.with((s) => {
      const out = s.space(MESSAGE_MAX);
      const len = make(out, MESSAGE_MAX);
      if (len < 0) throw spent();
      return this.core.read(out, len);
    });
    if (message.length > 0 && this.handle !== null) this.link.enrollSend(this.handle, message);
  }

  private answered(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject, timer: this.patience() };
    });
  }

  private waitOn(): void {
    if (!this.waiter) return;
    clearTimeout(this.waiter.timer);
    this.waiter.timer = this.patience();
  }

  private patience(): ReturnType<typeof setTimeout> {
    return setTimeout(
      () =>
        this.settle(
          new HearthError("unreachable", "The PC does not answer. Check that it still shows the code."),
        ),
      ANSWER_TIMEOUT_MS,
    );
  }

  private settle(error: Error | null): void {
    const waiter = this.waiter;
    this.waiter = null;
    if (!waiter) return;
    clearTimeout(waiter.timer);
    if (error) waiter.reject(error);
    else waiter.resolve();
  }

  private normalised(typed: string): string {
    if (typed.length > 64) throw notACode();
    return this.core.with((s) => {
      const out = s.space(CODE_LEN + 1);
      if (this.core.x.hearth_code_normalise(out, s.text(typed)) < 0) throw notACode();
      return textOf(this.core.read(out, CODE_LEN));
    });
  }

  private readPc(): Pc | null {
    return this.core.with((s) => {
      const at = s.space(PC_BYTES);
      if (!this.core.x.hearth_enroll_pc(this.machine, at)) return null;
      const view = this.core.view;
      return {
        signPublic: this.core.read(at, 32),
        dhPublic: this.core.read(at + 32, 32),
        name: textOf(this.core.read(at + 72, view.getUint32(at + 64, true))),
        os: textOf(this.core.read(at + 136, view.getUint32(at + 68, true))),
      };
    });
  }

  private async words(pc: Pc): Promise<string[]> {
    const salt = this.core.with((s) => {
      const out = s.space(16);
      this.core.x.hearth_words_salt(out, s.text(this.code));
      return this.core.read(out, 16);
    });
    const seed = await argon2(concat(pc.signPublic, pc.dhPublic), { salt, memKib: 64 * 1024, passes: 3 });
    return wordsOf(this.core, seed);
  }
}

/** Four words for 32 bytes. */
export function wordsOf(core: Core, seed: Uint8Array): string[] {
  return core.with((s) => {
    const out = s.space(WORDS * WORD_BYTES);
    core.x.hearth_words_from_seed(out, s.bytes(seed));
    const words: string[] = [];
    for (let i = 0; i < WORDS; i++) {
      const word = core.read(out + i * WORD_BYTES, WORD_BYTES);
      words.push(textOf(word.subarray(0, word.indexOf(0))));
    }
    return words;
  });
}

const notACode = () =>
  new HearthError("bad-input", "That is not a code: it has 8 letters and digits, as the PC shows them.");
const wrongCode = () =>
  new HearthError(
    "expired",
    "The code was not right, and is spent now. Show a new code on the PC; then type it here.",
  );
const spent = () =>
  new HearthError("expired", "The PC ended it, or the code is too old. Show a new code on the PC.");
