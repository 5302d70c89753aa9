/* What the page's interface may ask of the engine, and nothing more: no protocol, no keys and no
 * WebAssembly reach a component. The engine runs links, channels and the decoder in a Worker; this file
 * is the border. Everything that came from a broker or a host is untrusted text: show it as text only. */

export type DeviceId = string; // 32 hex digits

export type Presence = "here" | "online" | "in-use" | "offline";

export interface Use {
  deviceId: DeviceId;
  name: string;
  sinceMs: number;
  viewOnly: boolean;
}

export interface Device {
  id: DeviceId;
  name: string;
  role: "host" | "browser" | "cli" | "desktop";
  presence: Presence; // "here" is this browser
  lastSeenMs: number; // 0 = never
  os: string;
  version: string;
  addedMs: number;
  inUse: Use[];
}

/** fact: what happened and what to do, whole sentences. code: for the interface to choose a place. */
export class HearthError extends Error {
  constructor(
    readonly code:
      | "wrong-password"
      | "name-taken"
      | "unreachable"
      | "identity-changed"
      | "denied"
      | "not-found"
      | "offline"
      | "expired"
      | "exists"
      | "no-space"
      | "read-only"
      | "outside"
      | "changed"
      | "mismatch"
      | "busy"
      | "unsupported"
      | "unavailable"
      | "cancelled"
      | "bad-input"
      | "internal",
    message: string,
    readonly retryMs = 0,
  ) {
    super(message);
  }
}

export type LinkState =
  | { is: "signed-out" }
  | { is: "connecting"; account: string }
  | { is: "online"; account: string }
  | { is: "waiting"; account: string; sinceMs: number; nextTryMs: number; why: string }
  | { is: "refused"; account: string; why: string }; // final: revoked, log rolled back or forked

export interface Account {
  signUp(account: string, password: string, deviceName: string): Promise<{ recoveryKey: string }>;
  signIn(account: string, password: string, deviceName: string): Promise<void>;
  recover(account: string, recoveryKey: string, newPassword: string, deviceName: string): Promise<void>;
  /** Forget this browser: revokes its own entry when it can and wipes its keys. */
  signOut(): Promise<void>;
  /** Head of the account log as four words, to compare between devices. */
  headWords(): Promise<string[]>;
}

export interface Enrolment {
  /** Resolves when the PC answered; words are to be compared by a person. */
  found: Promise<{ name: string; os: string; words: string[] }>;
  /** After the person said that the words match. Resolves with the new device. */
  approve(name: string): Promise<DeviceId>;
  /** They differ, or the person went away: the code is spent. */
  refuse(): void;
}

export interface Rights {
  view: boolean;
  control: boolean;
  clipboardIn: boolean;
  clipboardOut: boolean;
  filesRead: boolean;
  filesWrite: boolean;
}

export type SessionState =
  | { is: "connecting"; step: "finding" | "securing" | "picture" }
  | { is: "live" }
  | { is: "lost"; sinceMs: number; heldKeys: number; why: string } // resumes by itself
  | { is: "ended"; by: "you" | "host" | "revoked" | "error"; why: string; seconds: number; bytes: number };

/** Same shape as `hearth probe --json`, plus what the overlay shows. */
export interface SessionStats {
  connect_ms: number;
  first_frame_ms: number;
  frames: number;
  bytes_in: number;
  bytes_out: number;
  path: string;
  rtt_ms: number;
  exact_share: number;
  echo_ms: number[];
  codec: string;
  width: number;
  height: number;
  frames_per_s: number;
  bits_per_s: number;
  capture_ms: number;
  encode_ms: number;
  network_ms: number;
  decode_ms: number;
  present_ms: number;
}

export interface CursorShape {
  visible: boolean;
  css: string; // a CSS cursor value
}

export interface Unsent {
  keys: number;
  clicks: number;
}

export interface ScreenSession {
  readonly device: DeviceId;
  readonly state: ReadonlySignal<SessionState>;
  readonly rights: ReadonlySignal<Rights>;
  readonly size: ReadonlySignal<{ width: number; height: number } | null>;
  /** Set within 3 s when there is no picture: why, and what helps. */
  readonly noPicture: ReadonlySignal<string | null>;
  readonly cursor: ReadonlySignal<CursorShape>;
  /** What was done in the newest gap and will never reach the computer. */
  readonly unsent: ReadonlySignal<Unsent>;
  readonly viewers: ReadonlySignal<Use[]>;
  readonly stats: ReadonlySignal<SessionStats>;
  /** The host's clipboard text, newest; null until it changed once. */
  readonly remoteClipboard: ReadonlySignal<string | null>;
  /** Give the canvas; the engine owns its pixels from now on and puts each rectangle as it arrives. */
  attach(canvas: HTMLCanvasElement): void;
  detach(): void;
  /** The page is hidden or shown. */
  setHidden(hidden: boolean): void;
  setViewOnly(on: boolean): void;
  keyEvent(event: KeyboardEvent, down: boolean): void;
  /** A chord by names as in KeyboardEvent.code: ["ControlLeft","AltLeft","Delete"]. */
  chord(codes: string[]): void;
  typeText(text: string): void;
  releaseAll(): void;
  pointer(x: number, y: number, buttons: number): void; // host pixels; buttons as MouseEvent.buttons
  /** By how much it moved, in host pixels, while the page holds the mouse. */
  motion(dx: number, dy: number, buttons: number): void;
  /** x below 0: where the pointer is. */
  wheel(x: number, y: number, dx120: number, dy120: number): void;
  sendClipboard(text: string): void;
  tryNow(): void;
  end(): void;
}

export interface FileRoot {
  id: string;
  name: string;
  write: boolean;
  freeBytes: number;
}

/** name: for people, safe to show. key: exact bytes of the name, base64url; use it in paths. */
export interface FileEntry {
  name: string;
  key: string;
  kind: "file" | "folder" | "link" | "other";
  size: number;
  mtimeMs: number;
  write: boolean;
}

export interface FilePath {
  root: string;
  parts: string[]; // keys from the root down; new names go through keyOf()
}

export interface Transfer {
  readonly id: string;
  readonly name: string;
  readonly direction: "up" | "down";
  readonly device: DeviceId;
  readonly deviceName: string;
  readonly total: number;
  readonly done: number;
  readonly bytesPerS: number;
  readonly state: "waiting" | "running" | "paused" | "stalled" | "checking" | "done" | "failed" | "cancelled";
  /** With stalled and failed: what happened and what happens next. */
  readonly note: string;
  readonly at: FilePath; // where it lies or goes on the device
}

export interface Files {
  readonly device: DeviceId;
  readonly state: ReadonlySignal<SessionState>;
  readonly rights: ReadonlySignal<Rights>;
  roots(): Promise<FileRoot[]>;
  list(at: FilePath, after?: string): Promise<{ entries: FileEntry[]; more: boolean }>;
  makeFolder(at: FilePath): Promise<void>;
  rename(from: FilePath, newName: string): Promise<void>;
  remove(at: FilePath, recursive: boolean): Promise<void>;
  /** Rejects with code "exists" before a byte moves unless replace is set. */
  upload(to: FilePath, file: File, options?: { replace?: boolean }): Promise<Transfer>;
  download(at: FilePath, entry: FileEntry): Promise<Transfer>;
  /** A folder as files one after the other below a folder the person chose, or as a single archive where the browser cannot. */
  downloadFolder(at: FilePath, entry: FileEntry): Promise<Transfer>;
  /** From this device to another one of the ring, through this browser. */
  copyTo(
    at: FilePath,
    entry: FileEntry,
    other: Files,
    to: FilePath,
    options?: { replace?: boolean },
  ): Promise<Transfer>;
  close(): void;
}

export interface ReadonlySignal<T> {
  readonly value: T;
  subscribe(fn: (value: T) => void): () => void;
}

export interface Engine {
  readonly link: ReadonlySignal<LinkState>;
  readonly devices: ReadonlySignal<Device[]>; // hosts and this browser, in order of joining
  readonly allDevices: ReadonlySignal<Device[]>; // every role, for settings
  readonly transfers: ReadonlySignal<Transfer[]>;
  readonly account: Account;
  /** Restore a signed-in browser from its stored keys; true when there were some. */
  start(): Promise<boolean>;
  look(on: boolean): void;
  add(code: string): Enrolment;
  rename(id: DeviceId, name: string): Promise<void>;
  revoke(id: DeviceId): Promise<void>;
  control(id: DeviceId, options?: { viewOnly?: boolean }): ScreenSession;
  files(id: DeviceId): Files;
  pause(transfer: string): void;
  resume(transfer: string): void;
  cancel(transfer: string): void;
  clearFinished(): void;
  keyOf(name: string): string; // a new name to a path key
}
