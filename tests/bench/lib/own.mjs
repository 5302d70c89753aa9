// Hearth alone: what its own programs say of a key's echo, of a still desktop, of sealing and of the screen
// coder. The part of docs/bench.md without peers, as Markdown.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { control, openBrowser, openPage, signIn } from "../../e2e/lib/browser.mjs";
import { Ring, bin, root, sleep } from "../../e2e/lib/ring.mjs";
import { median, percentile } from "./figures.mjs";
import { processes, wakeUps } from "./proc.mjs";

const rounds = 5;
const spread = (values, digits = 1) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
const program = (name) => execFileSync(join(root, "build/release/bench", name), { encoding: "utf8", timeout: 300000 }).trim();

const idleSeconds = 20;
async function idle(programs) {
  const count = () => programs.map(({ pid }) => wakeUps(processes(), [pid]));
  const before = count();
  await sleep(idleSeconds * 1000);
  return count().map((now, i) => now - before[i]);
}

/** Two minutes; needs the built tree. */
export async function measureOwn() {
  const ring = await Ring.start();
  const browser = await openBrowser();
  const rows = [];
  const quiet = [];
  try {
    const display = await ring.display("1920x1080");
    const host = await ring.host("Bench", { display });
    await sleep(2000);
    const [hostAlone, brokerAlone] = await idle([host, ring.broker]);
    const watching = ring.spawn(bin("hearth"), ["--home", `${ring.dir}/cli`, "probe", "Bench", "--seconds", String(idleSeconds + 8)]);
    await sleep(4000);
    const [hostWatched, brokerWatched] = await idle([host, ring.broker]);
    await watching.ended;
    quiet.push(["nobody connected", hostAlone, brokerAlone], ["one viewer, nothing moves", hostWatched, brokerWatched]);
    // The window manager gives the terminal its focus at the first click; let it settle.
    await ring.cli(["probe", "Bench", "--seconds", "2", "--click", "200,200", "--json"]);
    const text = "the quick brown fox jumps over it ";
    const cli = { p50: [], p95: [], bytes: [], first: [], connect: [], keys: 0, silent: 0 };
    for (let i = 0; i < rounds; i++) {
      const answer = JSON.parse(await ring.cli(["probe", "Bench", "--seconds", "2", "--click", "200,200", "--type", text, "--json"]));
      // null = nothing changed within a second: counted, never taken as fast.
      const echo = answer.echo_ms.filter((ms) => ms !== null);
      cli.keys += answer.echo_ms.length;
      cli.silent += answer.echo_ms.length - echo.length;
      if (echo.length === 0) throw new Error("no key was echoed");
      cli.p50.push(percentile(echo, 0.5));
      cli.p95.push(percentile(echo, 0.95));
      cli.bytes.push(median(answer.echo_bytes.filter((_, i) => answer.echo_ms[i] !== null)));
      cli.first.push(answer.first_frame_ms);
      cli.connect.push(answer.connect_ms);
    }
    rows.push(["hearth probe: key sent -> its picture decoded, p50 ms", spread(cli.p50)]);
    rows.push(["... p95 ms", spread(cli.p95)]);
    rows.push(["... bytes of a key echo, median", spread(cli.bytes, 0)]);
    rows.push(["... keys without an echo within a second", `${cli.silent} of ${cli.keys}`]);
    rows.push(["hearth probe: dial -> sealed session, ms", spread(cli.connect)]);
    rows.push(["hearth probe: dial -> first picture, ms", spread(cli.first)]);

    const page = await openPage(browser, { viewport: { width: 1920, height: 1080 } });
    await signIn(page, ring);
    const canvas = await control(page, "Bench");
    const box = await canvas.boundingBox();
    await page.mouse.click(box.x + box.width * 0.15, box.y + box.height * 0.25);
    const web = { p50: [], p95: [] };
    for (let i = 0; i < rounds; i++) {
      const before = (await page.evaluate(() => window.hearth.stats())).echo_ms.length;
      for (const key of text) {
        await page.keyboard.press(key === " " ? "Space" : key);
        await sleep(110);
      }
      await sleep(300);
      const all = (await page.evaluate(() => window.hearth.stats())).echo_ms;
      const echo = all.length > before ? all.slice(before) : all;
      web.p50.push(percentile(echo, 0.5));
      web.p95.push(percentile(echo, 0.95));
    }
    const stats = await page.evaluate(() => window.hearth.stats());
    rows.push(["page: key sent -> its picture put on the canvas, p50 ms", spread(web.p50)]);
    rows.push(["... p95 ms", spread(web.p95)]);
    rows.push(["page: Control pressed -> first picture, ms", stats.first_frame_ms.toFixed(0)]);
  } finally {
    await browser.close();
    await ring.stop();
  }

  return `### Input echo through the relay, loopback, 1920x1080, a terminal

| what | measured |
|---|---|
${rows.map(([a, b]) => `| ${a} | ${b} |`).join("\n")}

Each figure is the median of ${rounds} runs with the lowest and highest in brackets. An echo counts from the key's record
being handed to the channel to the first picture that was captured after the PC had applied it.

### A still desktop

Wake-ups in ${idleSeconds} s (voluntary context switches of all threads, the link's pings included).

| | host | broker |
|---|---|---|
${quiet.map((row) => `| ${row.join(" | ")} |`).join("\n")}

### Sealing

\`build/release/bench/channel_bench\`

\`\`\`
${program("channel_bench")}
\`\`\`

### The screen coder, offline

Beside zstd, PNG, WebP and lossless x264: [bench-offline.md](bench-offline.md).

\`build/release/bench/codec_bench\`

\`\`\`
${program("codec_bench")}
\`\`\`
`;
}
