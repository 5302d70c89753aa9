// The account log, checked by the C code only. Everything the page believes about devices is read from here.

import { type Bytes, equal, textOf, utf8 } from "./bytes";
import type { Core, Ptr } from "./core";

const ENTRY_MAX = 84 + 512 + 64;
const DEVICE_BYTES = 192;
const ERR_LIMIT = -8;
export const ERR_FORK = -6;

export const ROLES = { host: 1, browser: 2, cli: 3, desktop: 4 } as const;
export type Role = keyof typeof ROLES;
const ROLE_OF = new Map<number, Role>(Object.entries(ROLES).map(([name, n]) => [n, name as Role]));

export const RIGHTS_ALL = 0x800001ff;

export interface LogDevice {
  id: Bytes;
  signPublic: Bytes;
  dhPublic: Bytes;
  role: Role;
  rights: number;
  revoked: boolean;
  notBeforeMs: number;
  notAfterMs: number;
  addedMs: number;
  name: string;
}

export interface NewDevice {
  signPublic: Bytes;
  dhPublic: Bytes;
  role: Role;
  rights: number;
  name: string;
}

/** May a session with this device be opened? A viewer talks to hosts alone. */
export function servesAt(device: LogDevice | null, nowMs: number): boolean {
  return (
    device !== null &&
    device.role === "host" &&
    !device.revoked &&
    nowMs >= device.notBeforeMs &&
    (device.notAfterMs === 0 || nowMs < device.notAfterMs)
  );
}

/** code: CHANNEL_LOG_ERR_* of channel/identity/log.h. */
export class LogError extends Error {
  constructor(readonly code: number) {
    super(`account log: ${code}`);
  }
}

export class AccountLog {
  private readonly log: Ptr;

  constructor(private readonly core: Core) {
    this.log = core.x.hearth_log_create();
    if (this.log === 0) throw new Error("out of memory");
  }

  destroy(): void {
    this.core.x.hearth_log_destroy(this.log);
  }

  get handle(): Ptr {
    return this.log;
  }

  get count(): number {
    return this.core.x.hearth_log_count(this.log);
  }

  append(entry: Uint8Array): void {
    const err = this.core.with((s) => this.core.x.hearth_log_append(this.log, s.bytes(entry), entry.length));
    if (err < 0) throw new LogError(err);
  }

  entry(seq: number): Bytes | null {
    return this.core.with((s) => {
      const out = s.space(4);
      const ptr = this.core.x.hearth_log_entry(this.log, seq, out);
      return ptr === 0 ? null : this.core.read(ptr, this.core.view.getUint32(out, true));
    });
  }

  entries(): Bytes[] {
    const out: Bytes[] = [];
    for (let i = 0; i < this.count; i++) {
      const entry = this.entry(i);
      if (entry) out.push(entry);
    }
    return out;
  }

  hashAt(seq: number): Bytes | null {
    return this.core.with((s) => {
      const out = s.space(32);
      return this.core.x.hearth_log_hash_at(this.log, seq, out) ? this.core.read(out, 32) : null;
    });
  }

  /** 1 it is in here, 0 we have fewer entries, below 0 a fork. */
  contains(count: number, hash: Bytes): number {
    return this.core.with((s) => this.core.x.hearth_log_contains(this.log, count, s.bytes(hash)));
  }

  account(): { id: Bytes; rootSign: Bytes; rootDh: Bytes } | null {
    return this.core.with((s) => {
      const out = s.space(80);
      if (!this.core.x.hearth_log_account(this.log, out)) return null;
      return {
        id: this.core.read(out, 16),
        rootSign: this.core.read(out + 16, 32),
        rootDh: this.core.read(out + 48, 32),
      };
    });
  }

  devices(): LogDevice[] {
    const out: LogDevice[] = [];
    this.core.with((s) => {
      const at = s.space(DEVICE_BYTES);
      const count = this.core.x.hearth_log_device_count(this.log);
      for (let i = 0; i < count; i++) {
        if (!this.core.x.hearth_log_device(this.log, i, at)) continue;
        const view = this.core.view;
        const role = ROLE_OF.get(view.getUint32(at + 80, true));
        if (!role) continue;
        out.push({
          id: this.core.read(at, 16),
          signPublic: this.core.read(at + 16, 32),
          dhPublic: this.core.read(at + 48, 32),
          role,
          rights: view.getUint32(at + 84, true),
          revoked: view.getUint32(at + 88, true) !== 0,
          notBeforeMs: view.getFloat64(at + 96, true),
          notAfterMs: view.getFloat64(at + 104, true),
          addedMs: view.getFloat64(at + 112, true),
          name: textOf(this.core.read(at + 128, view.getUint32(at + 92, true))),
        });
      }
    });
    return out;
  }

  find(id: Uint8Array): LogDevice | null {
    return this.devices().find((d) => equal(d.id, id)) ?? null;
  }

  /** The payload of a handshake. */
  head(): Bytes {
    return this.core.with((s) => {
      const out = s.space(64);
      return this.core.read(out, this.checked(this.core.x.hearth_log_head_write(this.log, out, 64)));
    });
  }

  judgeHead(payload: Uint8Array): number {
    return this.core.with((s) =>
      this.core.x.hearth_log_judge_head(this.log, s.bytes(payload), payload.length),
    );
  }

  /** signer null = the root. Unsigned bytes: signed() finishes them. */
  makeAdd(signer: Bytes | null, device: NewDevice): Bytes {
    const name = utf8(device.name);
    if (name.length > 64) throw new LogError(ERR_LIMIT);
    return this.make((out, scope) => {
      const at = scope.space(DEVICE_BYTES);
      this.core.at(at, DEVICE_BYTES).fill(0);
      this.core.memory.set(deviceId(this.core, device.signPublic, device.dhPublic), at);
      this.core.memory.set(device.signPublic, at + 16);
      this.core.memory.set(device.dhPublic, at + 48);
      const view = this.core.view;
      view.setUint32(at + 80, ROLES[device.role], true);
      view.setUint32(at + 84, device.rights, true);
      view.setUint32(at + 92, name.length, true);
      this.core.memory.set(name, at + 128);
      const by = signer ? scope.bytes(signer) : 0;
      return this.core.x.hearth_log_make_add(this.log, out, ENTRY_MAX, by, Date.now(), at);
    });
  }

  makeGenesis(rootSign: Bytes, rootDh: Bytes): Bytes {
    return this.make((out, s) =>
      this.core.x.hearth_log_make_genesis(out, ENTRY_MAX, s.bytes(rootSign), s.bytes(rootDh), Date.now()),
    );
  }

  makeRevoke(signer: Bytes, device: Bytes): Bytes {
    return this.make((out, s) =>
      this.core.x.hearth_log_make_revoke(
        this.log,
        out,
        ENTRY_MAX,
        s.bytes(signer),
        Date.now(),
        s.bytes(device),
      ),
    );
  }

  makeRename(signer: Bytes, device: Bytes, name: string): Bytes {
    return this.make((out, s) =>
      this.core.x.hearth_log_make_rename(
        this.log,
        out,
        ENTRY_MAX,
        s.bytes(signer),
        Date.now(),
        s.bytes(device),
        s.text(name),
      ),
    );
  }

  makeRecovery(): Bytes {
    return this.make((out) => this.core.x.hearth_log_make_recovery(this.log, out, ENTRY_MAX, Date.now()));
  }

  /** What to sign for an unsigned entry. */
  signingInput(entry: Bytes): Bytes {
    return this.core.with((s) => {
      const out = s.space(ENTRY_MAX + 16);
      const len = this.core.x.hearth_log_signing_input(out, ENTRY_MAX + 16, s.bytes(entry), entry.length);
      return this.core.read(out, this.checked(len));
    });
  }

  private make(fn: (out: Ptr, scope: Parameters<Parameters<Core["with"]>[0]>[0]) => number): Bytes {
    return this.core.with((s) => {
      const out = s.space(ENTRY_MAX);
      return this.core.read(out, this.checked(fn(out, s)));
    });
  }

  private checked(result: number): number {
    if (result < 0) throw new LogError(result);
    return result;
  }
}

export function deviceId(core: Core, sign: Bytes, dh: Bytes): Bytes {
  return core.with((s) => {
    const out = s.space(16);
    core.x.hearth_device_id(out, s.bytes(sign), s.bytes(dh));
    return core.read(out, 16);
  });
}

export function accountId(core: Core, rootSign: Bytes, rootDh: Bytes): Bytes {
  return core.with((s) => {
    const out = s.space(16);
    core.x.hearth_account_id(out, s.bytes(rootSign), s.bytes(rootDh));
    return core.read(out, 16);
  });
}
