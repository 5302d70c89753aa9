// The broker's REST calls (docs/wire.md section 4). Answers are checked field by field: the broker is not trusted.

import { HearthError } from "../engine/api";
import { type Bytes, base64url, unbase64url } from "./bytes";
import type { Kdf } from "./password";

const TIMEOUT_MS = 20_000;
const LOG_MOST = 65_536;

type Json = Record<string, unknown>;

const UNREACHABLE = "The server does not answer. Check the connection; then try again.";
const STRANGE =
  "The server gave an answer that this page does not understand. Reload the page; then try again.";

async function call(
  method: "GET" | "POST",
  path: string,
  body?: Json,
): Promise<{ status: number; json: Json }> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new HearthError("unreachable", UNREACHABLE);
  }
  let json: unknown = null;
  try {
    json = await response.json();
  } catch {
    json = null;
  }
  if (response.status === 429) {
    const after = Number(response.headers.get("retry-after") ?? "10");
    const seconds = Number.isFinite(after) && after > 0 ? after : 10;
    throw new HearthError("busy", `Too many tries. Wait ${seconds} s; then try again.`, seconds * 1000);
  }
  if (response.status >= 500) throw new HearthError("unreachable", UNREACHABLE);
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new HearthError("internal", STRANGE);
  return { status: response.status, json: json as Json };
}

function messageOf(json: Json, otherwise: string): string {
  return typeof json.message === "string" && json.message.length <= 500 ? json.message : otherwise;
}

function bytesOf(json: Json, name: string): Bytes {
  const value = json[name];
  const bytes = typeof value === "string" ? unbase64url(value) : null;
  if (!bytes) throw new HearthError("internal", STRANGE);
  return bytes;
}

function entriesOf(json: Json): Bytes[] {
  const log = json.log;
  if (!Array.isArray(log)) throw new HearthError("internal", STRANGE);
  return log.map((entry: unknown) => {
    const bytes = typeof entry === "string" ? unbase64url(entry) : null;
    if (!bytes) throw new HearthError("internal", STRANGE);
    return bytes;
  });
}

function kdfJson(kdf: Kdf): Json {
  return { salt: base64url(kdf.salt), mem_kib: kdf.memKib, passes: kdf.passes };
}

const SCHEME = "argon2id-1";

export interface NewAccount {
  account: string;
  kdf: Kdf;
  authKey: Bytes;
  wrappedRoot: Bytes;
  recoveryAuth: Bytes;
  wrappedRecovery: Bytes;
  log: Bytes[];
}

export async function createAccount(made: NewAccount): Promise<void> {
  const { status, json } = await call("POST", "/v1/accounts", {
    account: made.account,
    auth_scheme: SCHEME,
    kdf: kdfJson(made.kdf),
    auth_key: base64url(made.authKey),
    wrapped_root: base64url(made.wrappedRoot),
    recovery_auth: base64url(made.recoveryAuth),
    wrapped_recovery: base64url(made.wrappedRecovery),
    log: made.log.map(base64url),
  });
  if (status === 201 || status === 200) return;
  if (status === 409)
    throw new HearthError(
      "name-taken",
      `The account name ${made.account} is taken. Choose another, or sign in.`,
    );
  throw new HearthError(status === 401 ? "denied" : "bad-input", messageOf(json, STRANGE));
}

export async function kdfOf(account: string): Promise<Kdf> {
  const { status, json } = await call("GET", `/v1/accounts/${encodeURIComponent(account)}/kdf`);
  if (status === 400) throw new HearthError("bad-input", messageOf(json, "That is not an account name."));
  const kdf = json.kdf;
  if (status !== 200 || json.auth_scheme !== SCHEME || typeof kdf !== "object" || kdf === null)
    throw new HearthError("internal", STRANGE);
  const { mem_kib, passes } = kdf as Json;
  if (typeof mem_kib !== "number" || typeof passes !== "number") throw new HearthError("internal", STRANGE);
  return { salt: bytesOf(kdf as Json, "salt"), memKib: mem_kib, passes };
}

export interface Opened {
  accountId: Bytes;
  wrapped: Bytes;
  log: Bytes[];
  ticket: string;
}

async function openedOf(json: Json, wrapped: string): Promise<Opened> {
  if (typeof json.ticket !== "string") throw new HearthError("internal", STRANGE);
  return {
    accountId: bytesOf(json, "account_id"),
    wrapped: bytesOf(json, wrapped),
    log: await wholeLog(json, json.ticket),
    ticket: json.ticket,
  };
}

/** The entries of an answer and, by its ticket, the pages that follow it. */
async function wholeLog(json: Json, ticket: string): Promise<Bytes[]> {
  const log = entriesOf(json);
  const total = json.total ?? log.length;
  if (typeof total !== "number" || !(total <= LOG_MOST)) throw new HearthError("internal", STRANGE);
  while (log.length < total) {
    const page = await call("POST", "/v1/log", { ticket, entries: [], from: log.length });
    if (page.status !== 200) throw new HearthError("denied", messageOf(page.json, STRANGE));
    const more = entriesOf(page.json);
    if (more.length === 0) throw new HearthError("internal", STRANGE);
    log.push(...more);
  }
  return log;
}

export async function login(account: string, authKey: Bytes): Promise<Opened> {
  const { status, json } = await call("POST", "/v1/login", { account, auth_key: base64url(authKey) });
  if (status === 200) return openedOf(json, "wrapped_root");
  if (status === 401)
    throw new HearthError(
      "wrong-password",
      "That account and password do not go together. Check both; then try again.",
    );
  throw new HearthError("bad-input", messageOf(json, STRANGE));
}

export async function recover(account: string, recoveryAuth: Bytes): Promise<Opened> {
  const { status, json } = await call("POST", "/v1/recover", {
    account,
    recovery_auth: base64url(recoveryAuth),
  });
  if (status === 200) return openedOf(json, "wrapped_recovery");
  if (status === 401)
    throw new HearthError(
      "wrong-password",
      "That account and recovery key do not go together. Check both; then try again.",
    );
  throw new HearthError("bad-input", messageOf(json, STRANGE));
}

/** false when the log moved on meanwhile. */
export async function appendLog(ticket: string, entries: Bytes[]): Promise<boolean> {
  const { status, json } = await call("POST", "/v1/log", { ticket, entries: entries.map(base64url) });
  if (status === 200) return true;
  if (status === 409) return false;
  throw new HearthError("denied", messageOf(json, STRANGE));
}

export async function changePassword(
  ticket: string,
  kdf: Kdf,
  authKey: Bytes,
  wrappedRoot: Bytes,
): Promise<void> {
  const { status, json } = await call("POST", "/v1/password", {
    ticket,
    auth_scheme: SCHEME,
    kdf: kdfJson(kdf),
    auth_key: base64url(authKey),
    wrapped_root: base64url(wrappedRoot),
  });
  if (status !== 200) throw new HearthError("denied", messageOf(json, STRANGE));
}
