// The peers as black boxes with their default flags, and Hearth in the same place. start(bench) returns
// when the viewer's window can be expected; the first scene waits for its picture.
import { randomBytes } from "node:crypto";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "../../../viewer/web/node_modules/playwright-core/index.mjs";
import { control, signIn } from "../../e2e/lib/browser.mjs";
import { Program, bin, sleep, until } from "../../e2e/lib/ring.mjs";
import { xServer } from "./bench.mjs";
import { processes, tree } from "./proc.mjs";
import { ringIn } from "./ring.mjs";
import { addressA, tool } from "./space.mjs";

const vncPort = 5900;
const transferMb = 64;
// One Chromium for all pages; nothing that a user would not meet but what a machine without a user needs.
const chromiumArgs = (dir) => [`--user-data-dir=${join(dir, "chromium")}`, "--no-sandbox", "--test-type", "--disable-gpu",
  "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
  "--disable-extensions", "--password-store=basic", "--ignore-certificate-errors", "--window-position=0,0",
  "--window-size=1920,1080", "--kiosk"];

/** A server that accepts connections on a port of namespace A. */
async function listening(bench, port) {
  await until(`port ${port} is served`, async () => {
    const probe = new Program(...bench.space.inA("bash", ["-c", `exec 3<>/dev/tcp/${addressA}/${port}`]));
    return (await probe.ended) === 0;
  }, 20000, 200);
}

const tigerViewer = (bench, ...args) =>
  bench.viewer("xtigervncviewer", ["-FullScreen", ...args, `${addressA}::${vncPort}`]);

const xtigervnc = (bench) => xServer(bench.space.inA, "Xtigervnc", ["-geometry", "1920x1080", "-depth", "24", "-dpi", "96",
  "-SecurityTypes", "None", "-rfbport", String(vncPort), "-AlwaysShared", "-noreset"], bench.programs);

const tigerPackages = ["tigervnc-standalone-server", "tigervnc-viewer"];

function tiger(...args) {
  return {
    source: xtigervnc,
    start: async (bench) => {
      // The display and the server are one process: its time is the server's.
      bench.groups.server.push(bench.source.pid);
      bench.groups.xsrc = [];
      await listening(bench, vncPort);
      tigerViewer(bench, ...args);
    },
  };
}

async function x11vnc(bench) {
  bench.server("x11vnc", ["-display", bench.source.display, "-rfbport", String(vncPort), "-forever", "-shared", "-nopw", "-quiet"]);
  await listening(bench, vncPort);
}

/** Broker and host where the source is, an account, this PC enrolled: by the real commands. */
async function hearthServer(bench) {
  const ring = await ringIn(bench.space);
  bench.cleanups.push(() => ring.stop());
  const host = await ring.host("Source", { display: bench.source.display });
  bench.groups.server.push(host.pid, ring.broker.pid);
  bench.groups.broker = [ring.broker.pid];
  bench.ring = ring;
  return ring;
}

/** A file each way, over and over, by `hearth cp` where the viewer is; gives what ends it. */
async function hearthTransfer(bench) {
  const { ring } = bench, name = "transfer.bin", here = join(bench.dir, name), { files } = ring.hosts.get("Source");
  const content = randomBytes(transferMb << 20);
  await Promise.all([here, join(files, name)].map((path) => writeFile(path, content)));
  const again = 'trap "kill $!; exit" TERM; while :; do "$@" & wait $! || exit; done';
  const copy = (...paths) => bench.viewer("sh", ["-c", again, "sh", bin("hearth"), "--home", join(ring.dir, ring.home), "cp", "--force", ...paths]);
  const copies = [copy(here, "Source:Home/up.bin"), copy(`Source:Home/${name}`, join(bench.dir, "down.bin"))];
  return async () => {
    const broken = copies.find((program) => program.code !== undefined);
    for (const program of copies) await program.stop();
    if (broken) throw new Error(`a copy ended: ${broken.lines.slice(-2).join(" ")}`);
  };
}

export const peers = {
  "hearth-view": {
    label: "Hearth, window",
    ours: true,
    how: "`hearth-view NAME --fullscreen`",
    transfer: hearthTransfer,
    start: async (bench) => {
      const ring = await hearthServer(bench);
      bench.viewer(bin("hearth-view"), ["--home", join(ring.dir, ring.home), "Source", "--fullscreen"]);
    },
  },
  "hearth-page": {
    label: "Hearth, Chromium",
    ours: true,
    packages: ["chromium"],
    startMs: 16000,
    transfer: hearthTransfer,
    how: "Chromium `--kiosk` on the page, signed in, *Control* pressed; the broker by TLS with a certificate of its own",
    start: async (bench) => {
      const ring = await hearthServer(bench);
      const profile = join(bench.dir, "profile");
      await mkdir(profile, { recursive: true });
      const wrapper = join(bench.dir, "chromium.sh");
      await writeFile(wrapper, `#!/bin/sh\nexec ip netns exec ${bench.space.b} chromium "$@"\n`, { mode: 0o755 });
      const context = await chromium.launchPersistentContext(profile, {
        executablePath: wrapper, headless: false, viewport: null, ignoreHTTPSErrors: true,
        handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
        ignoreDefaultArgs: true, args: [...chromiumArgs(bench.dir).filter((a) => !a.startsWith("--user-data-dir")),
          `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank"],
        env: { ...process.env, DISPLAY: bench.target.display, HOME: bench.dir },
      });
      bench.cleanups.push(() => context.close());
      const page = context.pages()[0] ?? (await context.newPage());
      await signIn(page, ring);
      await control(page, "Source");
      const all = processes();
      // Playwright's child: the whole browser.
      const { readFileSync } = await import("node:fs");
      const browser = tree(all, [process.pid]).filter((pid) => {
        try {
          return all.get(pid).ppid === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(profile);
        } catch {
          return false;
        }
      });
      if (browser.length !== 1) throw new Error(`${browser.length} browsers found`);
      bench.groups.viewer.push(browser[0]);
      await sleep(8000); // the session bar folds and its tab goes
    },
  },
  tigervnc: { label: "TigerVNC", packages: tigerPackages, how: "`Xtigervnc -SecurityTypes None`, `xtigervncviewer -FullScreen`; it owns its display, so its time has the X server's in it", ...tiger() },
  "tigervnc-exact": { label: "TigerVNC, no JPEG", packages: tigerPackages, how: "the same with `-AutoSelect=0 -NoJPEG=1`", ...tiger("-AutoSelect=0", "-NoJPEG=1", "-PreferredEncoding=Tight") },
  x0vnc: {
    label: "x0tigervncserver",
    packages: ["tigervnc-scraping-server", "tigervnc-viewer"],
    how: "`X0tigervnc -SecurityTypes None`, `xtigervncviewer -FullScreen`",
    start: async (bench) => {
      bench.server("X0tigervnc", ["-display", bench.source.display, "-SecurityTypes", "None", "-rfbport", String(vncPort), "-localhost=0"]);
      await listening(bench, vncPort);
      tigerViewer(bench);
    },
  },
  x11vnc: {
    label: "x11vnc",
    packages: ["x11vnc", "tigervnc-viewer"],
    how: "`x11vnc -forever -shared -nopw`, `xtigervncviewer -FullScreen`",
    start: async (bench) => {
      await x11vnc(bench);
      tigerViewer(bench);
    },
  },
  novnc: {
    label: "noVNC, Chromium",
    packages: ["novnc", "websockify", "x11vnc", "chromium"],
    how: "x11vnc as above, `websockify`, Chromium `--kiosk` on `vnc.html?autoconnect=1&resize=off`",
    start: async (bench) => {
      await x11vnc(bench);
      bench.server("websockify", ["--web", "/usr/share/novnc", `${addressA}:6080`, `${addressA}:${vncPort}`]);
      await listening(bench, 6080);
      bench.viewer("chromium", [...chromiumArgs(bench.dir), `http://${addressA}:6080/vnc.html?autoconnect=1&resize=off`]);
    },
  },
  freerdp: {
    label: "FreeRDP",
    packages: ["freerdp2-shadow-x11", "freerdp2-x11"],
    how: "`freerdp-shadow-cli -auth`, `xfreerdp /f`",
    start: async (bench) => {
      bench.server("freerdp-shadow-cli", ["/port:3389", "-auth"]);
      await listening(bench, 3389);
      bench.viewer("xfreerdp", [`/v:${addressA}:3389`, "/cert-ignore", "/u:bench", "/p:bench", "/f"]);
    },
  },
  xpra: {
    label: "Xpra shadow",
    windowManager: false, // its window would have a frame
    packages: ["xpra"],
    how: "`xpra shadow`, `xpra attach --mmap=no`; no sound, no printers",
    start: async (bench) => {
      // Debian's settings but for its X session, which stops at a question on a bare X server.
      const settings = join(bench.dir, "xpra");
      await cp("/etc/xpra", settings, { recursive: true });
      const file = join(settings, "conf.d/60_server.conf");
      await writeFile(file, (await readFile(file, "utf8")).replace(/^start = .*Xsession.*$/m, ""));
      bench.server("xpra", ["shadow", bench.source.display, `--bind-tcp=${addressA}:10000`, "--daemon=no", "--mdns=no", "--dbus-proxy=no",
        "--dbus-launch=", "--pulseaudio=no", "--printing=no", "--notifications=no", "--systemd-run=no"],
      { env: { XPRA_SYSTEM_CONF_DIRS: settings } });
      await listening(bench, 10000);
      // Memory shared behind the network's back is not for two computers.
      bench.viewer("xpra", ["attach", `tcp://${addressA}:10000/`, "--mmap=no", "--pulseaudio=no", "--notifications=no",
        "--systemd-run=no"]);
    },
  },
  limit: {
    label: "local copy",
    how: "one process copies the whole screen between both X servers: the limit of this machine, no network",
    start: async (bench) => {
      // Both X servers over the file system's sockets: no namespace in between.
      bench.viewer(tool("bench_limit"), [bench.source.display, bench.target.display]);
    },
  },
};
