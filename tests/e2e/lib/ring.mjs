// A ring for the tests: a real broker, real hosts on displays of their own, a CLI, a browser. Everything
// lives in one temporary folder and every process that was started is ended by its id.
import { execFile, execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const bin = (name) => join(root, "build/release/bin", name);
const run = promisify(execFile);

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Wait until check() gives something true; fails with what when it does not within ms. */
export async function until(what, check, ms = 10000, step = 50) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(step);
  }
}

export async function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

export async function sha256(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** The clipboard's text on a display; "" when nothing owns it. */
export function clipboard(display) {
  try {
    return execFileSync("xclip", ["-selection", "clipboard", "-o"],
      { env: { ...process.env, DISPLAY: display }, timeout: 2000, stdio: ["ignore", "pipe", "ignore"] }).toString();
  } catch {
    return "";
  }
}

/** A program whose lines are kept; line(pattern) waits for one. */
export class Program {
  constructor(file, args, options = {}) {
    this.name = `${file.split("/").pop()} ${args[0] ?? ""}`;
    this.lines = [];
    this.waiting = [];
    this.code = undefined;
    this.child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    this.pid = this.child.pid;
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.lines.push(line);
        if (process.env.HEARTH_VERBOSE) console.error(`[${this.name}] ${line}`);
        for (const w of this.waiting.splice(0)) w();
      });
    }
    this.ended = new Promise((done) => {
      this.child.once("exit", (code, signal) => {
        this.code = code ?? signal;
        for (const w of this.waiting.splice(0)) w();
        done(this.code);
      });
    });
  }

  async line(pattern, ms = 15000) {
    const end = Date.now() + ms;
    let seen = 0;
    for (;;) {
      for (; seen < this.lines.length; seen++) {
        const match = this.lines[seen].match(pattern);
        if (match) return match;
      }
      if (this.code !== undefined || Date.now() > end) {
        throw new Error(`${this.name}: no line ${pattern} (ended: ${this.code})\n${this.lines.slice(-20).join("\n")}`);
      }
      await Promise.race([new Promise((r) => this.waiting.push(r)), sleep(200)]);
    }
  }

  signal(name) {
    if (this.code === undefined) process.kill(this.pid, name);
  }

  async stop(name = "SIGTERM", ms = 8000) {
    if (this.code !== undefined) return this.code;
    this.signal(name);
    const result = await Promise.race([this.ended, sleep(ms).then(() => "late")]);
    if (result === "late") {
      this.signal("SIGKILL");
      await this.ended;
      throw new Error(`${this.name} did not end within ${ms} ms of ${name}`);
    }
    return result;
  }
}

export class Ring {
  static async start(options = {}) {
    const ring = new this();
    ring.dir = await mkdtemp(join(tmpdir(), "hearth-e2e-"));
    ring.programs = [];
    ring.hosts = new Map();
    ring.home = "cli";
    ring.cleanups = [];
    ring.port = await freePort();
    ring.account = options.account ?? "claire";
    ring.password = options.password ?? randomBytes(9).toString("base64url");
    ring.url = `http://${ring.address}:${ring.port}`;
    try {
      await ring.prepare();
      await ring.startBroker();
      await ring.writePassword();
      if (options.signUp !== false) {
        await ring.cli(["signup", ring.url, ring.account, "--password-file", join(ring.dir, "password")]);
      }
    } catch (error) {
      await ring.stop();
      throw error;
    }
    return ring;
  }

  /** Where the broker listens. */
  get address() {
    return "127.0.0.1";
  }

  /** What a ring of another shape needs before its broker starts. */
  async prepare() {}

  /** How a program is really called: [file, args]. */
  call(file, args) {
    return [file, args];
  }

  /** The password as it is now, where the CLI reads it. */
  async writePassword() {
    await writeFile(join(this.dir, "password"), this.password, { mode: 0o600 });
  }

  spawn(file, args, options) {
    const program = new Program(...this.call(file, args), options);
    this.programs.push(program);
    return program;
  }

  async startBroker(extra = []) {
    this.broker = this.spawn(bin("hearth-broker"), [
      "--listen", `${this.address}:${this.port}`, "--data", join(this.dir, "broker"),
      "--web", join(root, "viewer/web/dist"), ...extra,
    ]);
    await this.broker.line(/^ready /);
    return this.broker;
  }

  /** The CLI by the test's own home; gives stdout. */
  async cli(args, { home = this.home, timeout = 120000, env = {} } = {}) {
    const result = await run(...this.call(bin("hearth"), ["--home", join(this.dir, home), ...args]), {
      timeout, maxBuffer: 64 << 20, env: { ...process.env, ...env },
    });
    return result.stdout;
  }

  /** The same, for calls that are to fail: {code, stdout, stderr}. */
  async cliFails(args, options = {}) {
    try {
      const stdout = await this.cli(args, options);
      return { code: 0, stdout, stderr: "" };
    } catch (error) {
      return { code: error.code, stdout: error.stdout ?? "", stderr: error.stderr ?? String(error) };
    }
  }

  /** A display with a window manager and a terminal whose shell notes what is typed. */
  async display(size = "1280x720", { terminal = true, wm = true } = {}) {
    const child = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", `${size}x24`, "-dpi", "96", "-nolisten", "tcp", "-noreset"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const number = await new Promise((done, fail) => {
      createInterface({ input: child.stdio[3] }).once("line", done);
      child.once("exit", () => fail(new Error("Xvfb did not start")));
    });
    this.cleanups.push(() => child.kill());
    const display = `:${number}`;
    const env = { ...process.env, DISPLAY: display };
    await run("xsetroot", ["-solid", "#31424a"], { env });
    const property = async (name) => (await run("xprop", ["-root", name], { env })).stdout;
    if (wm) {
      this.spawn("openbox", [], { env });
      await until("the window manager is there", async () => /# 0x/.test(await property("_NET_SUPPORTING_WM_CHECK")));
    }
    if (terminal) {
      // No blinking cursor: the picture must come to rest.
      this.spawn("xterm", ["-u8", "-fa", "Monospace", "-fs", "11", "-geometry", "90x24+40+40", "-xrm", "*cursorBlink: false",
        "-e", "sh", "-c", `cat > ${join(this.dir, "typed")}; sleep 1000`], { env: { ...env, LC_ALL: "C.UTF-8" } });
      await until("the terminal is there", async () => {
        const { stdout } = await run("xwininfo", ["-root", "-tree"], { env });
        return /xterm/i.test(stdout);
      });
      // A key goes to whoever has the focus: not before the terminal has it.
      if (wm) await until("the terminal has the focus", async () => /# 0x[1-9a-f]/.test(await property("_NET_ACTIVE_WINDOW")));
    }
    return display;
  }

  /** A window over the whole display that tells each key and button; events() gives them in order. */
  async watchInput(display, size = "1280x720") {
    const env = { ...process.env, DISPLAY: display };
    const xev = this.spawn("xev", ["-geometry", `${size}+0+0`, "-event", "keyboard", "-event", "button"], { env });
    await until("the window that watches input is there", async () => {
      const { stdout } = await run("xwininfo", ["-root", "-tree"], { env });
      return /Event Tester/.test(stdout);
    });
    await until("it has the focus", async () => {
      const { stdout } = await run("xdotool", ["getactivewindow", "getwindowname"], { env }).catch(() => ({ stdout: "" }));
      return stdout.includes("Event Tester");
    });
    /** "+a" key a down, "-a" up, "+1" button 1 down. */
    const events = () => {
      const found = [];
      let sign = null;
      for (const line of xev.lines) {
        const head = line.match(/^(Key|Button)(Press|Release) event/);
        if (head) sign = head[2] === "Press" ? "+" : "-";
        const what = sign && (line.match(/keycode \d+ \(keysym 0x[0-9a-f]+, (\w+)\)/) ?? line.match(/button (\d+)/));
        if (!what) continue;
        found.push(sign + what[1]);
        sign = null;
      }
      return found;
    };
    return { events, mark: () => events().length, since: (mark) => events().slice(mark) };
  }

  /** Enrol a PC by the CLI and run it. */
  async host(name, { display, home = `host-${name}`, run: start = true, args = [] } = {}) {
    const enroll = this.spawn(bin("hearth-host"), ["enroll", this.url, "--name", name, "--home", join(this.dir, home), "--json"]);
    const [line] = await enroll.line(/\{.*"code".*\}/);
    const { code } = JSON.parse(line);
    await this.cli(["approve", code, "--yes"]);
    const ended = await enroll.ended;
    if (ended !== 0) throw new Error(`enroll ended with ${ended}: ${enroll.lines.join("\n")}`);
    return start ? this.runHost(name, { display, home, args }) : undefined;
  }

  /** Sign the test's CLI in to an account that was made elsewhere. */
  async cliLogin(home = this.home) {
    await this.cli(["login", this.url, this.account, "--password-file", join(this.dir, "password")], { home });
  }

  /** Run an enrolled PC and wait until the CLI sees it online. */
  async runHost(name, options = {}) {
    const host = await this.startHost(name, options);
    await until(`${name} is online`, async () => (await this.device(name))?.online, 15000, 200);
    return host;
  }

  async stopHost(name) {
    await this.hosts.get(name).stop();
  }

  async startHost(name, { display, home = `host-${name}`, args = [] } = {}) {
    const env = { ...process.env, HOME: join(this.dir, `home-${name}`) };
    await run("mkdir", ["-p", env.HOME]);
    delete env.DISPLAY;
    if (display) args = ["--display", display, ...args];
    const host = this.spawn(bin("hearth-host"), ["run", "--home", join(this.dir, home), ...args], { env });
    host.files = env.HOME;
    this.hosts.set(name, host);
    return host;
  }

  async devices() {
    return JSON.parse(await this.cli(["devices", "--json"]));
  }

  async names() {
    return (await this.devices()).map((d) => d.name);
  }

  async device(name) {
    return (await this.devices()).find((d) => d.name === name);
  }

  async stop() {
    const errors = [];
    for (const program of this.programs.reverse()) {
      try {
        await program.stop("SIGTERM");
      } catch (error) {
        errors.push(error);
      }
    }
    for (const cleanup of this.cleanups.reverse()) await cleanup();
    if (!process.env.HEARTH_KEEP) await rm(this.dir, { recursive: true, force: true });
    if (errors.length) throw errors[0];
  }
}
