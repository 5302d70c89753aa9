// The files of one computer on the main thread: calls into the worker, and the folder picker that only a
// page may open.

import type { CallName, Calls, ToWorker } from "../worker/messages";
import type { FileEntry, FilePath, FileRoot, Files, Rights, SessionState, Transfer } from "./api";
import { HearthError } from "./api";
import { Signal } from "./signal";

type Call = <K extends CallName>(name: K, args: Calls[K][0]) => Promise<Calls[K][1]>;

interface WithFolderPicker {
  showDirectoryPicker?(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
}

export class FilesView implements Files {
  readonly state = new Signal<SessionState>({ is: "connecting", step: "finding" });
  readonly rights = new Signal<Rights>({
    view: false,
    control: false,
    clipboardIn: false,
    clipboardOut: false,
    filesRead: false,
    filesWrite: false,
  });

  constructor(
    readonly device: string,
    readonly session: number,
    private readonly call: Call,
    private readonly post: (message: ToWorker) => void,
    private readonly closed: () => void,
  ) {}

  roots(): Promise<FileRoot[]> {
    return this.call("roots", { session: this.session });
  }

  list(at: FilePath, after = ""): Promise<{ entries: FileEntry[]; more: boolean }> {
    return this.call("list", { session: this.session, at, after });
  }

  async makeFolder(at: FilePath): Promise<void> {
    await this.call("makeFolder", { session: this.session, at });
  }

  async rename(from: FilePath, newName: string): Promise<void> {
    await this.call("renameFile", { session: this.session, from, newName });
  }

  async remove(at: FilePath, recursive: boolean): Promise<void> {
    await this.call("removeFile", { session: this.session, at, recursive });
  }

  upload(to: FilePath, file: File, options: { replace?: boolean } = {}): Promise<Transfer> {
    return this.call("upload", { session: this.session, to, file, replace: options.replace ?? false });
  }

  download(at: FilePath, entry: FileEntry): Promise<Transfer> {
    return this.call("download", { session: this.session, at, entry });
  }

  async downloadFolder(at: FilePath, entry: FileEntry): Promise<Transfer> {
    const { showDirectoryPicker } = window as WithFolderPicker;
    let into: FileSystemDirectoryHandle | null = null;
    if (showDirectoryPicker) {
      try {
        into = await showDirectoryPicker.call(window, { mode: "readwrite" });
      } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError")
          throw new HearthError("cancelled", "No folder was chosen; nothing was fetched.");
        into = null; // not allowed here: one archive instead
      }
    }
    return this.call("downloadFolder", { session: this.session, at, entry, into });
  }

  copyTo(
    at: FilePath,
    entry: FileEntry,
    other: Files,
    to: FilePath,
    options: { replace?: boolean } = {},
  ): Promise<Transfer> {
    if (!(other instanceof FilesView))
      throw new HearthError("bad-input", "Choose another computer of the ring.");
    const args = {
      session: this.session,
      at,
      entry,
      other: other.session,
      to,
      replace: options.replace ?? false,
    };
    return this.call("copyTo", args);
  }

  close(): void {
    this.post({ is: "close", session: this.session });
    this.closed();
  }
}
