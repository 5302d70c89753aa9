// All transfers of the page: a list that people see, jobs that survive a lost network, and the browser's
// own storage (OPFS) where downloads lie until they are whole and checked.

import { create } from "@bufbuild/protobuf";
import { type FileEntry, type FilePath, HearthError, type Transfer } from "../engine/api";
import { savedName } from "../engine/names";
import { FileStatSchema } from "../gen/session_pb";
import { equal, hex, random } from "./bytes";
import { clear, DiskWriter, drop, noSpace, opened, partName, store } from "./disk";
import { below, type FileDesk, whenLive, wirePath } from "./files";
import { fetchTree, fetchZip, type Mover } from "./foldertransfer";
import { Job, type What } from "./job";
import type { FromWorker } from "./messages";
import { ONLOOKER, type Peer, type PeerUser } from "./peer";
import { streamed } from "./streamed";
import {
  addToHash,
  fetchFile,
  fresh,
  type Progress,
  pushFile,
  Stopped,
  sourceOf,
  transferKey,
} from "./transfer";

const RUNNING_MOST = 3;
const LISTED_MOST = 1000;
const TELL_MS = 150;
const LIVE_WAIT_MS = 30_000;
const REHASH_BYTES = 1 << 20;

export class Transfers implements Mover {
  private jobs: Job[] = [];
  private telling: ReturnType<typeof setTimeout> | undefined;
  private readonly exports = new Map<string, string>();

  constructor(
    private readonly post: (message: FromWorker) => void,
    private readonly peerOf: (device: string) => Peer,
  ) {}

  // ---- what the page asks

  async upload(desk: FileDesk, to: FilePath, file: File, replace: boolean): Promise<Transfer> {
    const { peer } = desk;
    await this.refuseExisting(peer, to, replace);
    const key = await transferKey(
      "up",
      peer.device,
      to.root,
      to.parts.join("/"),
      file.size,
      file.lastModified,
      file.name,
    );
    let progress = await fresh();
    const push = { to, size: file.size, mtimeMs: file.lastModified, key, replace };
    return this.add(
      new Job(
        {
          name: file.name,
          direction: "up",
          device: peer.device,
          deviceName: peer.name,
          total: file.size,
          at: to,
        },
        (job) =>
          this.with(job, peer.device, async (live) => {
            // A hash that was finished cannot go on.
            if (progress.hashed >= file.size) progress = await fresh();
            await pushFile(
              live,
              push,
              sourceOf(file),
              progress,
              (done) => this.moved(job, done),
              () => this.set(job, "checking"),
              job.stop,
            );
          }),
        async () => undefined,
      ),
    );
  }

  async download(desk: FileDesk, at: FilePath, entry: FileEntry): Promise<Transfer> {
    const { peer } = desk;
    const from = below(at, entry.key);
    const key = await transferKey(
      "down",
      peer.device,
      from.root,
      from.parts.join("/"),
      entry.size,
      entry.mtimeMs,
    );
    const part = partName(hex(key), entry.size);
    return this.add(
      new Job(
        {
          name: entry.name,
          direction: "down",
          device: peer.device,
          deviceName: peer.name,
          total: entry.size,
          at: from,
        },
        async (job) => {
          const handle = await (await store()).getFileHandle(part, { create: true });
          const access = await opened(handle);
          const disk = new DiskWriter(access);
          try {
            const progress = await this.rehash(access, entry.size, job);
            await this.with(job, peer.device, async (live) => {
              this.moved(job, progress.hashed);
              const theirs = await fetchFile(
                live,
                from,
                entry,
                progress.hashed,
                (bytes, offset) => {
                  disk.write(bytes, offset);
                  addToHash(progress, offset, bytes);
                  this.moved(job, progress.hashed);
                },
                job.stop,
              );
              this.set(job, "checking");
              disk.drain();
              access.flush();
              if (!equal(progress.hash.digest("binary"), theirs)) {
                access.truncate(0);
                throw new HearthError(
                  "mismatch",
                  "What arrived is not what was sent; nothing was kept. Start again.",
                );
              }
            });
          } catch (error) {
            if (error instanceof HearthError && error.code === "changed") access.truncate(0);
            else disk.drain();
            throw noSpace(error);
          } finally {
            access.close();
          }
          this.export(job, savedName(entry.name), part, await handle.getFile());
        },
        () => drop(part),
      ),
    );
  }

  async downloadFolder(
    desk: FileDesk,
    at: FilePath,
    entry: FileEntry,
    into: FileSystemDirectoryHandle | null,
  ): Promise<Transfer> {
    const { peer } = desk;
    const from = below(at, entry.key);
    const what: What = {
      name: into ? entry.name : `${entry.name}.zip`,
      direction: "down",
      device: peer.device,
      deviceName: peer.name,
      total: 0,
      at: from,
    };
    if (into)
      return this.add(
        new Job(
          what,
          (job) => fetchTree(this, job, from, entry, into),
          async () => undefined,
        ),
      );
    const part = `${hex(random(16))}-0.zip`;
    return this.add(
      new Job(
        what,
        async (job) =>
          this.export(job, `${savedName(entry.name)}.zip`, part, await fetchZip(this, job, from, part)),
        () => drop(part),
      ),
    );
  }

  async copy(
    desk: FileDesk,
    at: FilePath,
    entry: FileEntry,
    other: FileDesk,
    to: FilePath,
    replace: boolean,
  ): Promise<Transfer> {
    const from = below(at, entry.key);
    const source = desk.peer.device;
    const target = other.peer;
    await this.refuseExisting(target, to, replace);
    const key = await transferKey(
      "copy",
      source,
      target.device,
      to.root,
      to.parts.join("/"),
      entry.size,
      entry.mtimeMs,
    );
    let progress = await fresh();
    const push = { to, size: entry.size, mtimeMs: entry.mtimeMs, key, replace };
    return this.add(
      new Job(
        {
          name: entry.name,
          direction: "up",
          device: target.device,
          deviceName: target.name,
          total: entry.size,
          at: to,
        },
        (job) =>
          this.with(job, source, (reader) =>
            this.with(job, target.device, async (writer) => {
              if (progress.hashed >= entry.size) progress = await fresh();
              await pushFile(
                writer,
                push,
                (start) => streamed(reader, from, entry, start, job.stop),
                progress,
                (done) => this.moved(job, done),
                () => this.set(job, "checking"),
                job.stop,
              );
            }),
          ),
        async () => undefined,
      ),
    );
  }

  act(id: string, act: "pause" | "resume" | "cancel"): void {
    const job = this.jobs.find((j) => j.id === id);
    if (!job) return;
    const moving = job.state === "running" || job.state === "stalled" || job.state === "checking";
    if (act === "pause" && (moving || job.state === "waiting")) {
      this.set(job, "paused");
      job.interrupt(true);
    } else if (act === "resume" && (job.state === "paused" || job.state === "failed")) {
      this.set(job, "waiting");
      this.next();
    } else if (act === "cancel" && job.state !== "done" && job.state !== "cancelled") {
      this.set(job, "cancelled");
      if (moving) job.interrupt(false);
      else void job.cleanup().catch(() => undefined);
    }
  }

  clearFinished(): void {
    this.jobs = this.jobs.filter((j) => !["done", "failed", "cancelled"].includes(j.state));
    this.tell();
  }

  exported(id: string): void {
    const part = this.exports.get(id);
    this.exports.delete(id);
    if (part) void drop(part);
  }

  wake(): void {
    this.next();
  }

  /** Signed out: nothing of the account stays. */
  async forget(): Promise<void> {
    for (const job of this.jobs) if (!["done", "failed"].includes(job.state)) this.act(job.id, "cancel");
    this.jobs = [];
    this.tell();
    await clear();
  }

  // ---- the queue

  private add(job: Job): Transfer {
    if (this.jobs.length >= LISTED_MOST)
      throw new HearthError(
        "busy",
        "There are too many transfers in the list. Clear those that are finished.",
      );
    this.jobs.push(job);
    this.next();
    this.publish(); // before the answer, so that the list knows what the answer names
    return job.snapshot();
  }

  private next(): void {
    let running = this.jobs.filter((j) => ["running", "stalled", "checking"].includes(j.state)).length;
    for (const job of this.jobs) {
      if (running >= RUNNING_MOST) return;
      if (job.state !== "waiting") continue;
      running++;
      void this.work(job);
    }
  }

  private async work(job: Job): Promise<void> {
    job.arm();
    this.set(job, "running");
    try {
      await job.run(job);
      this.set(job, "done");
    } catch (error) {
      if (error instanceof Stopped) {
        if (!error.keepPart) await job.cleanup().catch(() => undefined);
      } else if (job.state !== "paused" && job.state !== "cancelled") {
        if (!(error instanceof HearthError)) console.error(error);
        const fact =
          error instanceof HearthError ? error.message : "Something in this page went wrong. Try again.";
        this.set(job, "failed", fact);
      }
    }
    this.next();
  }

  /** Runs work with a live computer, again after each loss, until it ends. */
  async with(job: Job, device: string, work: (peer: Peer) => Promise<void>): Promise<void> {
    for (;;) {
      const peer = this.peerOf(device);
      const user = this.watcher(job);
      peer.add(user);
      try {
        if (!peer.live)
          this.set(job, "stalled", `${peer.name} does not answer. It goes on by itself when it does.`);
        await job.stop.unless(whenLive(peer, LIVE_WAIT_MS));
        this.set(job, "running");
        await work(peer);
        return;
      } catch (error) {
        const lost =
          error instanceof HearthError && ["unreachable", "unavailable", "offline"].includes(error.code);
        const forGood = error instanceof HearthError && error.code === "unavailable" && peer.live;
        if (!lost || forGood) throw error;
        this.set(job, "stalled", `${error.message} It goes on by itself when it can.`);
        await job.stop.unless(new Promise((resolve) => setTimeout(resolve, 1000)));
      } finally {
        if (!peer.ended) peer.remove(user);
      }
    }
  }

  /** Shows a lost network while the session waits for its return. */
  private watcher(job: Job): PeerUser {
    return {
      ...ONLOOKER,
      state: (state) => {
        if (state.is === "lost" && job.state === "running")
          this.set(job, "stalled", `${state.why} It goes on by itself when it can.`);
        else if (state.is === "live" && job.state === "stalled") this.set(job, "running");
      },
    };
  }

  private set(job: Job, state: Transfer["state"], note = ""): void {
    // Paused and cancelled are the person's word: only work() or the person changes them.
    if ((job.state === "cancelled" || job.state === "paused") && !["waiting", "cancelled"].includes(state))
      return;
    job.state = state;
    job.note = note;
    this.tell();
  }

  moved(job: Job, done: number): void {
    job.moved(done);
    this.tell();
  }

  private tell(): void {
    if (this.telling !== undefined) return;
    this.telling = setTimeout(() => {
      this.telling = undefined;
      this.publish();
    }, TELL_MS);
  }

  private publish(): void {
    this.post({ is: "transfers", list: this.jobs.map((j) => j.snapshot()) });
  }

  // ---- pieces

  private async refuseExisting(peer: Peer, to: FilePath, replace: boolean): Promise<void> {
    await whenLive(peer, LIVE_WAIT_MS);
    if (replace) return;
    try {
      await peer.ask({ case: "fileStat", value: create(FileStatSchema, { at: wirePath(to) }) });
    } catch (error) {
      if (error instanceof HearthError && error.code === "not-found") return;
      throw error;
    }
    throw new HearthError(
      "exists",
      "A file of that name is there already. Replace it, or choose another name.",
    );
  }

  private async rehash(access: FileSystemSyncAccessHandle, size: number, job: Job): Promise<Progress> {
    const progress = await fresh();
    if (access.getSize() > size) access.truncate(0);
    const held = access.getSize();
    const chunk = new Uint8Array(Math.min(REHASH_BYTES, Math.max(1, held)));
    while (progress.hashed < held) {
      const len = access.read(chunk, { at: progress.hashed });
      if (len === 0) break;
      addToHash(progress, progress.hashed, chunk.subarray(0, len));
      job.stop.check();
    }
    return progress;
  }

  private export(job: Job, name: string, part: string, file: File): void {
    this.exports.set(job.id, part);
    this.post({ is: "export", id: job.id, name, file });
  }
}
