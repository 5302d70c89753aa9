// The worker: everything of the page that talks to a broker or a computer lives here, behind messages.ts.

import { HearthError } from "../engine/api";
import { unhex } from "./bytes";
import type { Core } from "./core";
import { sweep } from "./disk";
import { Approval, wordsOf } from "./enroll";
import { FileDesk } from "./files";
import * as identity from "./identity";
import { Link } from "./link";
import type { CallName, Calls, FromWorker, ToWorker } from "./messages";
import { Peer } from "./peer";
import { Screen } from "./screen";
import { Transfers } from "./transfers";
import { instantiate } from "./wasm";

const SIGN_OUT_WAIT_MS = 3000;

type Args<K extends CallName> = Calls[K][0];
type Result<K extends CallName> = Calls[K][1];
type Handlers = { [K in CallName]: (args: Args<K>) => Promise<Result<K>> | Result<K> };

const scope = self as unknown as DedicatedWorkerGlobalScope;

function post(message: FromWorker, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}

class Office {
  private me: identity.Identity | null = null;
  private link: Link | null = null;
  private looking = false;
  private readonly peers = new Map<string, Peer>();
  private readonly screens = new Map<number, Screen>();
  private readonly desks = new Map<number, FileDesk>();
  private readonly approvals = new Map<number, Approval>();
  private readonly transfers: Transfers;

  constructor(private readonly core: Core) {
    this.transfers = new Transfers(post, (device) => this.peer(device));
  }

  readonly calls: Handlers = {
    start: async () => {
      await sweep();
      try {
        this.me = await identity.restore(this.core);
      } catch (error) {
        if (!(error instanceof HearthError)) throw error;
        post({ is: "link", state: { is: "refused", account: "", why: error.message } });
        return true;
      }
      if (!this.me) {
        post({ is: "link", state: { is: "signed-out" } });
        return false;
      }
      this.open(this.me);
      return true;
    },
    signUp: async ({ account, password, deviceName }) => {
      const made = await identity.signUp(this.core, account, password, deviceName);
      this.open(made.identity);
      return { recoveryKey: made.recoveryKey };
    },
    signIn: async ({ account, password, deviceName }) => {
      this.open(await identity.signIn(this.core, account, password, deviceName));
      return null;
    },
    recover: async ({ account, recoveryKey, newPassword, deviceName }) => {
      this.open(await identity.recover(this.core, account, recoveryKey, newPassword, deviceName));
      return null;
    },
    signOut: async () => {
      const { me, link } = this;
      if (me && link?.online) {
        const leave = link
          .appendEntry(() => me.log.makeRevoke(me.deviceId, me.deviceId))
          .catch(() => undefined);
        await Promise.race([leave, new Promise((resolve) => setTimeout(resolve, SIGN_OUT_WAIT_MS))]);
      }
      for (const peer of [...this.peers.values()]) peer.end("you", "You signed out.");
      link?.stop();
      this.link = null;
      this.me = null;
      await this.transfers.forget();
      await identity.Identity.forget();
      post({ is: "devices", list: [] });
      post({ is: "link", state: { is: "signed-out" } });
      return null;
    },
    headWords: () => {
      const { log } = this.signedIn().me;
      const hash = log.hashAt(log.count - 1);
      return hash ? wordsOf(this.core, hash) : [];
    },
    enrollFind: ({ enrolment, code }) => {
      const { me, link } = this.signedIn();
      const approval = new Approval(this.core, me, link);
      this.approvals.set(enrolment, approval);
      return approval.find(code).catch((error: unknown) => {
        this.approvals.delete(enrolment);
        approval.close();
        throw error;
      });
    },
    enrollApprove: async ({ enrolment, name }) => {
      const approval = this.approvals.get(enrolment);
      if (!approval) throw new HearthError("expired", "That code is spent. Show a new one on the PC.");
      const id = await approval.approve(name);
      this.approvals.delete(enrolment);
      return id;
    },
    rename: async ({ id, name }) => {
      const { me, link } = this.signedIn();
      await link.appendEntry(() => me.log.makeRename(me.deviceId, bytesOfId(id), name.trim()));
      return null;
    },
    revoke: async ({ id }) => {
      const { me, link } = this.signedIn();
      await link.appendEntry(() => me.log.makeRevoke(me.deviceId, bytesOfId(id)));
      this.peers.get(id)?.end("revoked", "That computer was removed from the account.");
      return null;
    },
    roots: ({ session }) => this.desk(session).roots(),
    list: ({ session, at, after }) => this.desk(session).list(at, after),
    makeFolder: ({ session, at }) => this.desk(session).makeFolder(at),
    renameFile: ({ session, from, newName }) => this.desk(session).rename(from, newName),
    removeFile: ({ session, at, recursive }) => this.desk(session).remove(at, recursive),
    upload: ({ session, to, file, replace }) => this.transfers.upload(this.desk(session), to, file, replace),
    download: ({ session, at, entry }) => this.transfers.download(this.desk(session), at, entry),
    downloadFolder: ({ session, at, entry, into }) =>
      this.transfers.downloadFolder(this.desk(session), at, entry, into),
    copyTo: ({ session, at, entry, other, to, replace }) =>
      this.transfers.copy(this.desk(session), at, entry, this.desk(other), to, replace),
  };

  receive(message: ToWorker): void {
    switch (message.is) {
      case "call":
        this.answer(message.id, message.name, message.args);
        break;
      case "look":
        this.looking = message.on;
        this.link?.look(message.on);
        break;
      case "hurry":
        this.link?.hurry();
        for (const peer of this.peers.values()) peer.tryNow();
        break;
      case "enrollRefuse":
        this.approvals.get(message.enrolment)?.close();
        this.approvals.delete(message.enrolment);
        break;
      case "open":
        this.openFiles(message.session, message.device);
        break;
      case "control":
        this.openScreen(message.session, message.device, message.viewOnly, message.picture);
        break;
      case "broken":
        this.screens.get(message.session)?.broken();
        break;
      case "close":
        this.closeSession(message.session);
        break;
      case "try":
        this.screens.get(message.session)?.peer?.tryNow();
        break;
      case "input":
        this.screens.get(message.session)?.send(message.input);
        break;
      case "shown":
        this.screens.get(message.session)?.seen(message.canvas, message.hidden);
        break;
      case "viewOnly": {
        const screen = this.screens.get(message.session);
        if (screen) screen.setViewOnly(message.on);
        break;
      }
      case "clipboard":
        this.screens.get(message.session)?.sendClipboard(message.text);
        break;
      case "presented":
        this.screens.get(message.session)?.presented(message.frame, message.atUs);
        break;
      case "transfer":
        this.transfers.act(message.id, message.act);
        break;
      case "clearFinished":
        this.transfers.clearFinished();
        break;
      case "exported":
        this.transfers.exported(message.id);
        break;
      case "modules":
        break;
    }
  }

  private answer<K extends CallName>(id: number, name: K, args: Args<K>): void {
    // Called inside then so that a throw and a rejection are one.
    Promise.resolve()
      .then(() => this.calls[name](args))
      .then(
        (value) => post({ is: "answer", id, ok: true, value }),
        (error: unknown) => {
          const fact =
            error instanceof HearthError
              ? error
              : new HearthError("internal", "Something in this page went wrong. Reload it; then try again.");
          if (!(error instanceof HearthError)) console.error(error);
          post({
            is: "answer",
            id,
            ok: false,
            code: fact.code,
            message: fact.message,
            retryMs: fact.retryMs,
          });
        },
      );
  }

  private signedIn(): { me: identity.Identity; link: Link } {
    if (!this.me || !this.link) throw new HearthError("denied", "Nobody is signed in here. Sign in first.");
    return { me: this.me, link: this.link };
  }

  private open(me: identity.Identity): void {
    this.link?.stop();
    this.me = me;
    let link: Link | null = null;
    link = new Link(me, {
      state: (state) => {
        post({ is: "link", state });
        if (state.is === "online") {
          for (const peer of this.peers.values()) peer.tryNow();
          this.transfers.wake();
        }
        if (state.is === "refused")
          for (const peer of [...this.peers.values()]) peer.end("revoked", state.why);
      },
      urgent: () => [...this.peers.values()].some((peer) => !peer.ended),
      changed: () => {
        if (!link) return;
        const list = link.devices();
        post({ is: "devices", list });
        for (const peer of [...this.peers.values()]) peer.check();
        // A computer that has just come back: its session need not wait for the next try.
        for (const device of list)
          if (device.presence === "online" || device.presence === "in-use")
            this.peers.get(device.id)?.tryNow();
      },
      enroll: (handle, data, end) => {
        for (const approval of this.approvals.values()) approval.receive(handle, data, end);
      },
    });
    this.link = link;
    if (this.looking) link.look(true);
  }

  private peer(device: string): Peer {
    const { me, link } = this.signedIn();
    const held = this.peers.get(device);
    if (held && !held.ended) return held;
    const peer: Peer = new Peer(this.core, me, link, device, () => {
      if (this.peers.get(device) === peer) this.peers.delete(device);
    });
    this.peers.set(device, peer);
    return peer;
  }

  private desk(session: number): FileDesk {
    const desk = this.desks.get(session);
    if (!desk) throw new HearthError("cancelled", "Those files were closed. Open them again.");
    return desk;
  }

  private openFiles(session: number, device: string): void {
    this.opening(session, () => {
      const peer = this.peer(device);
      const desk = new FileDesk(session, peer, post, () => this.peer(device));
      this.desks.set(session, desk);
      peer.add(desk);
    });
  }

  private openScreen(session: number, device: string, viewOnly: boolean, picture: MessagePort): void {
    this.opening(session, () => {
      const peer = this.peer(device);
      const screen = new Screen(this.core, picture, session, viewOnly, post);
      screen.peer = peer;
      this.screens.set(session, screen);
      peer.add(screen);
    });
  }

  private opening(session: number, open: () => void): void {
    try {
      open();
    } catch (error) {
      const why =
        error instanceof HearthError ? error.message : "Something in this page went wrong. Reload it.";
      post({ is: "session", session, state: { is: "ended", by: "error", why, seconds: 0, bytes: 0 } });
    }
  }

  private closeSession(session: number): void {
    const screen = this.screens.get(session);
    if (screen) {
      this.screens.delete(session);
      const { peer } = screen;
      if (peer && !peer.ended) {
        peer.say({ case: "screenStop", value: { $typeName: "hearth.session.ScreenStop" } });
        peer.remove(screen);
      }
      screen.destroy();
    }
    const desk = this.desks.get(session);
    if (desk) {
      this.desks.delete(session);
      desk.close();
    }
  }
}

function bytesOfId(id: string) {
  const bytes = unhex(id);
  if (bytes?.length !== 16) throw new HearthError("not-found", "There is no such device.");
  return bytes;
}

let office: Office | null = null;

scope.onmessage = (event: MessageEvent<ToWorker>) => {
  if (event.data.is === "modules") office = new Office(instantiate(event.data.hearth));
  else office?.receive(event.data);
};
