// Who this browser is: kept keys, the checked log and its last head; and the ways to get there:
// sign up, sign in, recover. Root keys live inside these functions only.

import { HearthError } from "../engine/api";
import { type Bytes, equal, hex } from "./bytes";
import type { Core } from "./core";
import { agree, type DeviceKeys, makeDeviceKeys, RootKeys, signWith } from "./keys";
import { AccountLog, accountId, deviceId, LogError, RIGHTS_ALL } from "./log";
import {
  freshKdf,
  keysOfPassword,
  keysOfRecovery,
  makeRecovery,
  recoverySecret,
  unwrapRoot,
  wrapRoot,
} from "./password";
import * as rest from "./rest";
import * as store from "./store";

interface Kept {
  account: string;
  accountId: Bytes;
  deviceId: Bytes;
  keys: DeviceKeys;
}

interface Head {
  count: number;
  hash: Bytes;
}

const CHANGED =
  "The server shows another history of this account than this browser has seen. Nothing was sent to it. Compare the account's words on your other devices, and speak with whoever runs the server.";

const headName = (id: Bytes) => `head:${hex(id)}`;

export class Identity {
  private saving: Promise<void> = Promise.resolve();

  constructor(
    readonly account: string,
    readonly accountId: Bytes,
    readonly deviceId: Bytes,
    readonly log: AccountLog,
    private readonly keys: DeviceKeys,
  ) {}

  get dhPublic(): Bytes {
    return this.keys.dhPublic;
  }

  sign(message: Bytes): Promise<Bytes> {
    return signWith(this.keys, message);
  }

  agree(point: Bytes): Promise<Bytes | null> {
    return agree(this.keys, point);
  }

  /** The finished entry for unsigned bytes, signed by this device. */
  async signed(entry: Bytes): Promise<Bytes> {
    return finished(entry, await this.sign(this.log.signingInput(entry)));
  }

  /** One write at a time, the newest log last. */
  saveLog(): Promise<void> {
    const work = async () => {
      await store.write({ log: this.log.entries(), ...headOf(this.accountId, this.log) });
    };
    this.saving = this.saving.then(work, work);
    return this.saving;
  }

  async save(): Promise<void> {
    const kept: Kept = {
      account: this.account,
      accountId: this.accountId,
      deviceId: this.deviceId,
      keys: this.keys,
    };
    await store.write({ identity: kept, log: this.log.entries(), ...headOf(this.accountId, this.log) });
  }

  /** The head stays: it is no secret and guards the next sign-in. */
  static async forget(): Promise<void> {
    await store.write({ identity: undefined, log: undefined });
  }
}

function headOf(id: Bytes, log: AccountLog): Record<string, Head> {
  const count = log.count;
  const hash = count > 0 ? log.hashAt(count - 1) : null;
  return hash ? { [headName(id)]: { count, hash } } : {};
}

function finished(entry: Bytes, signature: Bytes): Bytes {
  const out = new Uint8Array(entry.length + signature.length);
  out.set(entry);
  out.set(signature, entry.length);
  return out;
}

async function keptHead(id: Bytes): Promise<Head | null> {
  const [head] = await store.read<Head>(headName(id));
  return head ?? null;
}

/** Throws identity-changed when the log is not a whole valid one that continues what was seen before. */
async function checkedLog(core: Core, id: Bytes, entries: Bytes[]): Promise<AccountLog> {
  const log = new AccountLog(core);
  try {
    for (const entry of entries) log.append(entry);
    const account = log.account();
    if (!account || !equal(account.id, id)) throw new HearthError("identity-changed", CHANGED);
    const head = await keptHead(id);
    if (head && log.contains(head.count, head.hash) !== 1) throw new HearthError("identity-changed", CHANGED);
    return log;
  } catch (error) {
    log.destroy();
    if (error instanceof LogError) throw new HearthError("identity-changed", CHANGED);
    throw error;
  }
}

/** null when this browser is not signed in. */
export async function restore(core: Core): Promise<Identity | null> {
  const [kept, entries] = (await store.read<unknown>("identity", "log")) as [
    Kept | undefined,
    Bytes[] | undefined,
  ];
  if (!kept || !entries) return null;
  const log = await checkedLog(core, kept.accountId, entries);
  return new Identity(kept.account, kept.accountId, kept.deviceId, log, kept.keys);
}

function nameOrRefuse(text: string): string {
  const name = text.trim();
  if (name.length === 0) throw new HearthError("bad-input", "The account name is empty. Type one.");
  return name;
}

/** Adds this browser to the log with the root's signature. Returns the entries that are new. */
async function addThisDevice(core: Core, log: AccountLog, root: RootKeys, deviceName: string) {
  const keys = await makeDeviceKeys();
  let entry: Bytes;
  try {
    entry = log.makeAdd(null, {
      signPublic: keys.signPublic,
      dhPublic: keys.dhPublic,
      role: "browser",
      rights: RIGHTS_ALL,
      name: deviceName.trim(),
    });
  } catch {
    throw new HearthError(
      "bad-input",
      "That name for this browser does not fit. Use 1 to 64 letters or digits.",
    );
  }
  const signed = finished(entry, root.sign(log.signingInput(entry)));
  log.append(signed);
  return { entry: signed, keys, id: deviceId(core, keys.signPublic, keys.dhPublic) };
}

export async function signUp(
  core: Core,
  accountName: string,
  password: string,
  deviceName: string,
): Promise<{ identity: Identity; recoveryKey: string }> {
  const account = nameOrRefuse(accountName);
  if (password.length === 0) throw new HearthError("bad-input", "The password is empty. Type one.");
  const root = RootKeys.make();
  const log = new AccountLog(core);
  try {
    const genesis = log.makeGenesis(root.signPublic, root.dhPublic);
    log.append(finished(genesis, root.sign(log.signingInput(genesis))));
    const id = accountId(core, root.signPublic, root.dhPublic);
    const added = await addThisDevice(core, log, root, deviceName);
    const kdf = freshKdf();
    const access = await keysOfPassword(password, kdf);
    const recovery = makeRecovery();
    const recoveryAccess = keysOfRecovery(recovery.secret);
    const raw = root.raw();
    const made = {
      account,
      kdf,
      authKey: access.auth,
      wrappedRoot: wrapRoot(access.wrap, raw, id),
      recoveryAuth: recoveryAccess.auth,
      wrappedRecovery: wrapRoot(recoveryAccess.wrap, raw, id),
      log: log.entries(),
    };
    for (const secret of [raw, access.wrap, recoveryAccess.wrap, recovery.secret]) secret.fill(0);
    await rest.createAccount(made);
    const identity = new Identity(account, id, added.id, log, added.keys);
    await identity.save();
    return { identity, recoveryKey: recovery.text };
  } catch (error) {
    log.destroy();
    throw error;
  } finally {
    root.wipe();
  }
}

function rootOf(wrap: Bytes, opened: rest.Opened): RootKeys {
  const raw = unwrapRoot(wrap, opened.wrapped, opened.accountId);
  wrap.fill(0);
  if (!raw) throw new HearthError("identity-changed", CHANGED);
  const root = RootKeys.from(raw);
  raw.fill(0);
  return root;
}

async function join(
  core: Core,
  account: string,
  deviceName: string,
  opened: rest.Opened,
  root: RootKeys,
  recovered: boolean,
): Promise<Identity> {
  const log = await checkedLog(core, opened.accountId, opened.log);
  try {
    if (!equal(accountId(core, root.signPublic, root.dhPublic), opened.accountId))
      throw new HearthError("identity-changed", CHANGED);
    const entries: Bytes[] = [];
    if (recovered) {
      const entry = log.makeRecovery();
      const signed = finished(entry, root.sign(log.signingInput(entry)));
      log.append(signed);
      entries.push(signed);
    }
    const added = await addThisDevice(core, log, root, deviceName);
    entries.push(added.entry);
    if (!(await rest.appendLog(opened.ticket, entries)))
      throw new HearthError("busy", "The account changed at the same moment. Try again.", 1000);
    return new Identity(account, opened.accountId, added.id, log, added.keys);
  } catch (error) {
    log.destroy();
    throw error;
  }
}

export async function signIn(
  core: Core,
  accountName: string,
  password: string,
  deviceName: string,
): Promise<Identity> {
  const account = nameOrRefuse(accountName);
  const kdf = await rest.kdfOf(account);
  const access = await keysOfPassword(password, kdf);
  const opened = await rest.login(account, access.auth);
  const root = rootOf(access.wrap, opened);
  try {
    const identity = await join(core, account, deviceName, opened, root, false);
    await identity.save();
    return identity;
  } finally {
    root.wipe();
  }
}

export async function recover(
  core: Core,
  accountName: string,
  recoveryKey: string,
  newPassword: string,
  deviceName: string,
): Promise<Identity> {
  const account = nameOrRefuse(accountName);
  if (newPassword.length === 0) throw new HearthError("bad-input", "The new password is empty. Type one.");
  const secret = recoverySecret(recoveryKey);
  if (!secret)
    throw new HearthError(
      "bad-input",
      "That is not a recovery key: it has 32 letters and digits in 8 groups.",
    );
  const recovery = keysOfRecovery(secret);
  secret.fill(0);
  const opened = await rest.recover(account, recovery.auth);
  const root = rootOf(recovery.wrap, opened);
  const raw = root.raw();
  try {
    const identity = await join(core, account, deviceName, opened, root, true);
    const kdf = freshKdf();
    const access = await keysOfPassword(newPassword, kdf);
    await rest.changePassword(opened.ticket, kdf, access.auth, wrapRoot(access.wrap, raw, opened.accountId));
    access.wrap.fill(0);
    await identity.save();
    return identity;
  } finally {
    raw.fill(0);
    root.wipe();
  }
}
