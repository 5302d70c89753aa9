// Whole screens of 1920x1080 as people have them, for `codec_bench --stills DIR`: pages in Chromium, terminals
// on an X server of their own, text with grey and with sub-pixel edges.
//
//   node tests/bench/stills.mjs DIR [PHOTO...]
//
// Writes DIR/NAME.png. A PHOTO (PNG or JPEG) is shown in an article and, as name-of-file.png, over the whole
// screen. Pages of Debian documentation that are not installed are left out. Needs chromium, Xvfb, xterm, xwd.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { openBrowser } from "../e2e/lib/browser.mjs";
import { root, sleep, until } from "../e2e/lib/ring.mjs";
import { hostPicture } from "../e2e/lib/screen.mjs";

const [dir, ...photos] = process.argv.slice(2);
if (!dir) {
  console.error("usage: stills.mjs DIR [PHOTO...]");
  process.exit(2);
}
mkdirSync(dir, { recursive: true });
const width = 1920;
const height = 1080;

function png({ width, height, rgb }) {
  const chunk = (type, body) => {
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length, 0);
    out.write(type, 4, "latin1");
    body.copy(out, 8);
    out.writeUInt32BE(crc(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) rgb.copy(rows, y * (width * 3 + 1) + 1, y * width * 3, (y + 1) * width * 3);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** zlib.crc32 came with Node 22; the oldest that Debian has is 18. */
function crc(bytes) {
  if (crc32) return crc32(bytes);
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let i = 0; i < 8; i++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

const sources = ["codec", "channel", "host"].flatMap((folder) =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith(".c")).map((name) => join(root, folder, name)));
const escape = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
const prose = readFileSync(join(root, "docs/architecture.md"), "utf8").split("\n\n").filter((p) => /^[A-Z]/.test(p));

const pages = {
  article: () => `<body style="font:17px/1.6 'DejaVu Serif',serif;margin:0;background:#fff;color:#222">
    <div style="background:#24476b;color:#fff;font:20px sans-serif;padding:18px 40px">The evening paper</div>
    <div style="columns:2;padding:30px 60px;column-gap:50px"><h1>How a screen travels</h1>
    ${photos[0] ? `<img style="width:100%" src="file://${resolve(photos[0])}">` : ""}
    ${prose.slice(0, 24).map((p) => `<p>${escape(p)}</p>`).join("")}</div>`,
  sheet: () => `<style>body{margin:0;font:13px 'DejaVu Sans',sans-serif}td,th{border:1px solid #d4d4d4;padding:1px 6px;height:19px;white-space:nowrap}
    th{background:#f3f3f3;font-weight:400}table{border-collapse:collapse}tr:nth-child(7n) td{background:#fff7d6}</style>
    <div style="background:#1d6f42;color:#fff;padding:8px 14px">Budget.ods</div><table>${Array.from({ length: 48 }, (_, y) =>
      `<tr><th>${y + 1}</th>${Array.from({ length: 22 }, (_, x) =>
        `<td style="text-align:${x % 5 ? "right" : "left"}">${x % 5 ? ((y * 7919 + x * 104729) % 99991 / 100).toFixed(2) : ["rent", "parts", "travel", "wages", "power", "other"][(y * 5 + x) % 6]}</td>`).join("")}</tr>`).join("")}</table>`,
  code: () => `<body style="margin:0;background:#1e1e1e;color:#d4d4d4;font:14px/19px 'DejaVu Sans Mono',monospace">
    <div style="position:absolute;width:280px;height:1080px;background:#252526;font:13px/22px sans-serif;padding-left:20px">${sources.slice(0, 46).map((s) => basename(s)).join("<br>")}</div>
    <pre style="margin:0 0 0 320px;font:inherit">${escape(readFileSync(sources[3], "utf8")).replace(/\b(static|const|int|if|for|return|struct|enum|while|void|bool)\b/g, '<span style="color:#569cd6">$1</span>')
      .replace(/\b(\d+)\b/g, '<span style="color:#b5cea8">$1</span>').replace(/(\/\*[^]*?\*\/)/g, '<span style="color:#6a9955">$1</span>')}</pre>`,
  form: () => `<body style="margin:0;background:#f6f7f9;font:14px sans-serif"><div style="display:grid;grid-template-columns:repeat(4,1fr);gap:22px;padding:40px">
    ${Array.from({ length: 16 }, (_, i) => `<div style="background:#fff;border-radius:12px;box-shadow:0 6px 22px #0002;padding:18px">
      <h3>Device ${i + 1}</h3><label>Name <input value="pc-${i * 37}"></label><p><progress value="${(i * 13) % 10 / 10}"></progress>
      <p><select><option>Always</option></select> <button>Save</button> <input type=checkbox ${i % 2 ? "checked" : ""}> on
      <div style="height:30px;border-radius:6px;background:linear-gradient(90deg,#3b82f6,#${i % 2 ? "a855f7" : "10b981"})"></div></div>`).join("")}</div>`,
};
for (const path of ["valgrind/html/mc-manual.html", "libunistring-dev/html/libunistring_16.html", "libxslt1-dev/html/tutorial/libxslttutorial.html",
  "nodejs/api/fs.html"]) {
  if (existsSync(`/usr/share/doc/${path}`)) pages[`doc-${basename(path, ".html")}`] = `file:///usr/share/doc/${path}`;
}
for (const photo of photos) {
  pages[basename(photo, extname(photo))] = () => `<body style="margin:0"><img style="width:1920px;height:1080px;object-fit:cover" src="file://${resolve(photo)}">`;
}

const work = mkdtempSync(join(tmpdir(), "stills-"));
const browser = await openBrowser();
const programs = [];
try {
  const page = await browser.newPage({ viewport: { width, height } });
  for (const [name, content] of Object.entries(pages)) {
    // A file may show pictures of other files, a page from memory may not.
    const file = join(work, `${name}.html`);
    if (typeof content === "function") writeFileSync(file, `<!doctype html><meta charset=utf-8>${content()}`);
    await page.goto(typeof content === "function" ? `file://${file}` : content);
    if (name.startsWith("doc-")) await page.mouse.wheel(0, 900);
    await sleep(150);
    await page.screenshot({ path: join(dir, `${name}.png`) });
  }

  const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  programs.push(server);
  const display = `:${(await new Promise((done) => server.stdio[3].once("data", done))).toString().trim()}`;
  const fonts = join(work, "fonts.conf");
  writeFileSync(fonts, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><include>/etc/fonts/fonts.conf</include>
    <match target="font"><edit name="rgba" mode="assign"><const>rgb</const></edit><edit name="lcdfilter" mode="assign"><const>lcddefault</const></edit></match></fontconfig>`);
  const terminal = (geometry, args, command, env = {}) =>
    programs.push(spawn("xterm", ["-display", display, "-geometry", geometry, ...args, "-e", "sh", "-c", `${command}; sleep 1000`], { stdio: "ignore", env: { ...process.env, ...env } }));
  const shoot = async (name) => {
    let last = null;
    await until(`a still ${name}`, async () => {
      await sleep(700);
      const now = await hostPicture(display);
      const same = last?.rgb.equals(now.rgb) ?? false;
      last = now;
      return same;
    }, 20000);
    writeFileSync(join(dir, `${name}.png`), png(last));
    for (const program of programs.splice(1)) program.kill();
    await sleep(300);
  };
  terminal("320x84+0+0", ["-fn", "6x13"], `cat ${sources[0]} ${sources[5]}`);
  await shoot("xterm");
  terminal("250x62+0+0", ["-fa", "DejaVu Sans Mono", "-fs", "9", "-bg", "#141a1f", "-fg", "#e0e0e0"], "ls -l --color=always /usr/bin | head -300");
  await shoot("terminal");
  const colour = { FONTCONFIG_FILE: fonts };
  terminal("150x50+20+20", ["-fa", "DejaVu Sans Mono", "-fs", "10"], `cat ${sources[8]}`, colour);
  await sleep(500);
  terminal("140x45+700+300", ["-fa", "DejaVu Sans Mono", "-fs", "10", "-bg", "black", "-fg", "grey90"], `cat ${sources[12]}`, colour);
  await shoot("sub-pixel");
} finally {
  await browser.close();
  for (const program of programs.reverse()) program.kill();
  rmSync(work, { recursive: true, force: true });
}
