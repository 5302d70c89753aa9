// Run by scripts/bench. Every figure in docs/bench.md comes from here, with its spread.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { control, openBrowser, openPage, signIn } from "./lib/browser.mjs";
import { Ring, root, sleep } from "./lib/ring.mjs";

const rounds = 5;
const percentile = (values, p) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
};
const median = (values) => percentile(values, 0.5);
const spread = (values, digits = 1) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
const program = (name) => execFileSync(join(root, "build/release/bench", name), { encoding: "utf8", timeout: 300000 }).trim();

const ring = await Ring.start();
const browser = await openBrowser();
const rows = [];
try {
  const display = await ring.display("1920x1080");
  await ring.host("Bench", { display });
  const text = "the quick brown fox jumps over it ";
  const cli = { p50: [], p95: [], bytes: [], first: [], connect: [] };
  for (let i = 0; i < rounds; i++) {
    const answer = JSON.parse(await ring.cli(["probe", "Bench", "--seconds", "2", "--click", "200,200", "--type", text, "--json"]));
    cli.p50.push(percentile(answer.echo_ms, 0.5));
    cli.p95.push(percentile(answer.echo_ms, 0.95));
    cli.bytes.push(median(answer.echo_bytes));
    cli.first.push(answer.first_frame_ms);
    cli.connect.push(answer.connect_ms);
  }
  rows.push(["hearth probe: key sent -> its picture decoded, p50 ms", spread(cli.p50)]);
  rows.push(["... p95 ms", spread(cli.p95)]);
  rows.push(["... bytes of a key echo, median", spread(cli.bytes, 0)]);
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

const out = `# Measurements

Made by \`scripts/bench\` on ${cpus().length} cores of ${cpus()[0].model.trim()}, no GPU. Each figure is the median of
${rounds} runs with the lowest and highest in brackets. Ratios count; absolute times are of this class of machine.

## Input echo through the relay, loopback, 1920x1080, a terminal

| what | measured |
|---|---|
${rows.map(([a, b]) => `| ${a} | ${b} |`).join("\n")}

An echo counts from the key's record being handed to the channel to the first picture that was captured after the PC
had applied it.

## Sealing

\`build/release/bench/channel_bench\`

\`\`\`
${program("channel_bench")}
\`\`\`

## The screen coder, offline

\`build/release/bench/codec_bench\`

\`\`\`
${program("codec_bench")}
\`\`\`
`;
if (process.argv.includes("--print")) process.stdout.write(out);
else writeFileSync(join(root, "docs/bench.md"), out);
