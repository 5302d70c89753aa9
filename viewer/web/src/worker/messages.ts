// What the page's main thread and the worker say to each other. Plain values only. Pictures take another way:
// picture/messages.ts.

import type {
  Device,
  FileEntry,
  FilePath,
  FileRoot,
  HearthError,
  LinkState,
  Rights,
  SessionState,
  Transfer,
  Use,
} from "../engine/api";

/** Calls with an answer: argument and result by name. */
export interface Calls {
  start: [Record<string, never>, boolean];
  signUp: [{ account: string; password: string; deviceName: string }, { recoveryKey: string }];
  signIn: [{ account: string; password: string; deviceName: string }, null];
  recover: [{ account: string; recoveryKey: string; newPassword: string; deviceName: string }, null];
  signOut: [Record<string, never>, null];
  headWords: [Record<string, never>, string[]];
  enrollFind: [{ enrolment: number; code: string }, { name: string; os: string; words: string[] }];
  enrollApprove: [{ enrolment: number; name: string }, string];
  rename: [{ id: string; name: string }, null];
  revoke: [{ id: string }, null];
  roots: [{ session: number }, FileRoot[]];
  list: [{ session: number; at: FilePath; after: string }, { entries: FileEntry[]; more: boolean }];
  makeFolder: [{ session: number; at: FilePath }, null];
  renameFile: [{ session: number; from: FilePath; newName: string }, null];
  removeFile: [{ session: number; at: FilePath; recursive: boolean }, null];
  upload: [{ session: number; to: FilePath; file: File; replace: boolean }, Transfer];
  download: [{ session: number; at: FilePath; entry: FileEntry }, Transfer];
  downloadFolder: [
    { session: number; at: FilePath; entry: FileEntry; into: FileSystemDirectoryHandle | null },
    Transfer,
  ];
  copyTo: [
    { session: number; at: FilePath; entry: FileEntry; other: number; to: FilePath; replace: boolean },
    Transfer,
  ];
}
export type CallName = keyof Calls;

export type Input =
  | { is: "key"; input: number; down: boolean; code: number; keysym: number; text: string; locks: number }
  | { is: "pointer"; input: number; x: number; y: number; buttons: number }
  | { is: "motion"; input: number; dx: number; dy: number; buttons: number }
  | { is: "wheel"; input: number; x: number; y: number; dx: number; dy: number }
  | { is: "text"; input: number; text: string }
  | { is: "release"; input: number };

export type ToWorker =
  | { is: "modules"; hearth: WebAssembly.Module }
  | { [K in CallName]: { is: "call"; id: number; name: K; args: Calls[K][0] } }[CallName]
  | { is: "look"; on: boolean }
  | { is: "hurry" }
  | { is: "enrollRefuse"; enrolment: number }
  | { is: "open"; session: number; device: string }
  | { is: "control"; session: number; device: string; viewOnly: boolean; picture: MessagePort }
  | { is: "broken"; session: number }
  | { is: "close"; session: number }
  | { is: "try"; session: number }
  | { is: "input"; session: number; input: Input }
  | { is: "shown"; session: number; canvas: boolean; hidden: boolean }
  | { is: "viewOnly"; session: number; on: boolean }
  | { is: "clipboard"; session: number; text: string }
  | { is: "presented"; session: number; frame: number; atUs: number }
  | { is: "transfer"; id: string; act: "pause" | "resume" | "cancel" }
  | { is: "clearFinished" }
  | { is: "exported"; id: string };

export interface ScreenNumbers {
  connectMs: number;
  firstFrameMs: number;
  frames: number;
  bytesIn: number;
  bytesOut: number;
  rttMs: number;
  exactShare: number;
  codec: string;
  framesPerS: number;
  bitsPerS: number;
  captureMs: number;
  encodeMs: number;
  decodeMs: number;
  presentMs: number;
}

export type ScreenEvent =
  | {
      is: "cursor";
      visible: boolean;
      width: number;
      height: number;
      hotX: number;
      hotY: number;
      rgba: Uint8Array | null;
    }
  | { is: "viewers"; list: Use[] }
  | { is: "clipboard"; text: string }
  | { is: "noPicture"; why: string | null }
  | { is: "unsent"; keys: number; clicks: number } // of the newest gap
  | { is: "numbers"; numbers: ScreenNumbers };

export type FromWorker =
  | { is: "answer"; id: number; ok: true; value: unknown }
  | { is: "answer"; id: number; ok: false; code: HearthError["code"]; message: string; retryMs: number }
  | { is: "link"; state: LinkState }
  | { is: "devices"; list: Device[] }
  | { is: "transfers"; list: Transfer[] }
  | { is: "session"; session: number; state: SessionState }
  | { is: "rights"; session: number; rights: Rights }
  | { is: "screen"; session: number; event: ScreenEvent }
  | { is: "export"; id: string; name: string; file: File };
