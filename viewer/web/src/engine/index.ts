// The engine of the page: starts the worker and hands its news to the interface (api.ts). No protocol here.

import pictureUrl from "../picture/main.ts?worker&url";
import type { ToPicture } from "../picture/messages";
import type { Way } from "../picture/videoprobe";
import workerUrl from "../worker/main.ts?worker&url";
import type { CallName, Calls, FromWorker, ToWorker } from "../worker/messages";
import hearthUrl from "../worker/modules/hearth.wasm?url";
import jpegUrl from "../worker/modules/jpeg.wasm?url";
import {
  type Account,
  type Device,
  type Engine,
  type Enrolment,
  type Files,
  HearthError,
  type LinkState,
  type ScreenSession,
  type Transfer,
} from "./api";
import { FilesView } from "./files";
import { keyOfName } from "./names";
import { ScreenView } from "./screen";
import { Signal } from "./signal";

/** The browser copies at disk speed; slower than this is a broken disk. */
const EXPORT_KEPT_MS = 60_000;
const EXPORT_BYTES_PER_MS = 5_000;
/** States of a transfer that a closed page would end. */
const RUNNING: Transfer["state"][] = ["waiting", "running", "stalled", "checking"];

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): {
    createScriptURL(url: string): string;
  };
}

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
const policy = trustedTypes?.createPolicy("hearth", { createScriptURL: (url) => url });

/** The only script addresses that this page makes; pages that demand Trusted Types allow the policy "hearth". */
function trusted(url: string): string {
  const same = new URL(url, location.href);
  if (same.origin !== location.origin) throw new Error("the worker is on another origin");
  return policy ? policy.createScriptURL(same.href) : same.href;
}

/** The browser may throw stored data away when the disk is full; keys are asked to stay. */
function keepStored(): void {
  void navigator.storage?.persist?.().catch(() => undefined);
}

class PageEngine implements Engine {
  readonly link = new Signal<LinkState>({ is: "signed-out" });
  readonly devices = new Signal<Device[]>([]);
  readonly allDevices = new Signal<Device[]>([]);
  readonly transfers = new Signal<Transfer[]>([]);
  readonly account: Account;
  private readonly worker: Worker;
  private calls = 0;
  private sessions = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly screens = new Map<number, ScreenView>();
  private readonly desks = new Map<number, FilesView>();
  private ready = false;
  private early: [ToWorker, Transferable[]][] = [];
  private modules: { hearth: WebAssembly.Module; jpeg: WebAssembly.Module } | null = null;
  private way: Way | null = null;
  private failure: HearthError | null = null;
  private readonly loaded: Promise<void>;

  constructor() {
    this.worker = new Worker(trusted(workerUrl), { type: "module", name: "hearth" });
    this.worker.onmessage = (event: MessageEvent<FromWorker>) => this.hear(event.data);
    this.worker.onerror = () => this.fail("internal", "A part of this page did not start. Reload the page.");
    this.account = {
      signUp: async (account, password, deviceName) => {
        const made = await this.call("signUp", { account, password, deviceName });
        keepStored();
        return made;
      },
      signIn: async (account, password, deviceName) => {
        await this.call("signIn", { account, password, deviceName });
        keepStored();
      },
      recover: async (account, recoveryKey, newPassword, deviceName) => {
        await this.call("recover", { account, recoveryKey, newPassword, deviceName });
        keepStored();
      },
      signOut: async () => {
        await this.call("signOut", {});
      },
      headWords: () => this.call("headWords", {}),
    };
    const hurry = () => {
      if (document.visibilityState === "visible") this.post({ is: "hurry" });
    };
    window.addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    window.addEventListener("beforeunload", (event) => {
      if (this.transfers.value.some((t) => RUNNING.includes(t.state))) event.preventDefault();
    });
    this.loaded = this.load();
  }

  start(): Promise<boolean> {
    return this.call("start", {});
  }

  look(on: boolean): void {
    this.post({ is: "look", on });
  }

  add(code: string): Enrolment {
    const enrolment = ++this.sessions;
    const found = this.call("enrollFind", { enrolment, code });
    found.catch(() => undefined);
    return {
      found,
      approve: (name) => this.call("enrollApprove", { enrolment, name }),
      refuse: () => this.post({ is: "enrollRefuse", enrolment }),
    };
  }

  async rename(id: string, name: string): Promise<void> {
    await this.call("rename", { id, name });
  }

  async revoke(id: string): Promise<void> {
    await this.call("revoke", { id });
  }

  control(id: string, options: { viewOnly?: boolean } = {}): ScreenSession {
    const session = ++this.sessions;
    const picture = new Worker(trusted(pictureUrl), { type: "module", name: "picture" });
    const view = new ScreenView(
      id,
      session,
      picture,
      (message) => this.post(message),
      (way) => {
        this.way = way;
      },
      () => this.screens.delete(session),
    );
    this.screens.set(session, view);
    const { port1, port2 } = new MessageChannel();
    this.post({ is: "control", session, device: id, viewOnly: options.viewOnly ?? false, picture: port2 }, [
      port2,
    ]);
    void this.loaded.then(() => {
      if (this.modules)
        picture.postMessage(
          { is: "start", ...this.modules, port: port1, way: this.way } satisfies ToPicture,
          [port1],
        );
    });
    return view;
  }

  files(id: string): Files {
    const session = ++this.sessions;
    const view = new FilesView(
      id,
      session,
      (name, args) => this.call(name, args),
      (message) => this.post(message),
      () => this.desks.delete(session),
    );
    this.desks.set(session, view);
    this.post({ is: "open", session, device: id });
    return view;
  }

  pause(id: string): void {
    this.post({ is: "transfer", id, act: "pause" });
  }

  resume(id: string): void {
    this.post({ is: "transfer", id, act: "resume" });
  }

  cancel(id: string): void {
    this.post({ is: "transfer", id, act: "cancel" });
  }

  clearFinished(): void {
    this.post({ is: "clearFinished" });
  }

  keyOf(name: string): string {
    return keyOfName(name);
  }

  private async load(): Promise<void> {
    try {
      const [hearth, jpeg] = await Promise.all(
        [hearthUrl, jpegUrl].map((url) => WebAssembly.compileStreaming(fetch(url))),
      );
      if (!hearth || !jpeg) throw new Error("missing");
      this.modules = { hearth, jpeg };
      this.worker.postMessage({ is: "modules", hearth } satisfies ToWorker);
      this.ready = true;
      for (const [message, transfer] of this.early) this.worker.postMessage(message, transfer);
      this.early = [];
    } catch {
      this.fail(
        "unreachable",
        "A part of this page could not be fetched. Check the connection; then reload the page.",
      );
    }
  }

  private fail(code: HearthError["code"], fact: string): void {
    this.failure = new HearthError(code, fact);
    for (const one of this.waiting.values()) one.reject(this.failure);
    this.waiting.clear();
    for (const view of [...this.screens.values(), ...this.desks.values()])
      view.state.set({ is: "ended", by: "error", why: fact, seconds: 0, bytes: 0 });
  }

  private post(message: ToWorker, transfer: Transferable[] = []): void {
    if (this.failure) return;
    if (this.ready) this.worker.postMessage(message, transfer);
    else this.early.push([message, transfer]);
  }

  private call<K extends CallName>(name: K, args: Calls[K][0]): Promise<Calls[K][1]> {
    if (this.failure) return Promise.reject(this.failure);
    const id = ++this.calls;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.post({ is: "call", id, name, args } as ToWorker);
    });
  }

  private hear(message: FromWorker): void {
    switch (message.is) {
      case "answer": {
        const waiting = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        if (message.ok) waiting?.resolve(message.value);
        else waiting?.reject(new HearthError(message.code, message.message, message.retryMs));
        break;
      }
      case "link":
        this.link.set(message.state);
        break;
      case "devices":
        this.allDevices.set(message.list);
        this.devices.set(message.list.filter((d) => d.role === "host" || d.presence === "here"));
        break;
      case "transfers":
        this.transfers.set(message.list);
        break;
      case "session":
        (this.screens.get(message.session) ?? this.desks.get(message.session))?.state.set(message.state);
        break;
      case "rights":
        (this.screens.get(message.session) ?? this.desks.get(message.session))?.rights.set(message.rights);
        break;
      case "screen":
        this.screens.get(message.session)?.hear(message.event);
        break;
      case "export":
        this.save(message.id, message.name, message.file);
        break;
    }
  }

  /** The finished file lies on disk in the browser's own storage; the browser copies it to its downloads. */
  private save(id: string, name: string, file: File): void {
    const url = URL.createObjectURL(file);
    const anchor = document.createElement("a");
    anchor.href = url;
    anchor.download = name;
    anchor.click();
    setTimeout(
      () => {
        URL.revokeObjectURL(url);
        this.post({ is: "exported", id });
      },
      EXPORT_KEPT_MS + file.size / EXPORT_BYTES_PER_MS,
    );
  }
}

export function createEngine(): Engine {
  return new PageEngine();
}
