// From the cells to docs/bench.md and its pictures. Pure: cells in, text out.
import { spread } from "./figures.mjs";
import { barChart, short } from "./plot.mjs";

/** "12" or "12 (11–14)": the median, and the lowest and highest of several runs where they differ. */
/** A link's name in the name of a file. */
export const inFile = (link) => link.replace("%", "pct");

export function withSpread(s, digits = short) {
  if (!s) return "–";
  const [mid, low, high] = [s.median, s.min, s.max].map((v) => digits(v));
  return s.n > 1 && low !== high ? `${mid} (${low}–${high})` : mid;
}

const whole = (v) => v.toFixed(0);

/** The cells of one peer, scene and link, over the repeats. */
export function pick(cells, peer, scene, link) {
  return cells.filter((c) => c.peer === peer && c.scene === scene && c.link === link && !c.error);
}

const present = (cells, field, order) => order.filter((name) => cells.some((c) => c[field] === name));
const ownerOrder = (peers) => Object.keys(peers);

/** What the key is pressed beside, as a column says it. */
const keyScenes = { keys: "", "keys-video": " + video", "keys-transfer": " + files" };

export function keyTable(cells, peers, links) {
  const used = present(cells.filter((c) => c.scene.startsWith("keys")), "link", links);
  const columns = used.flatMap((link) => Object.keys(keyScenes).map((scene) => [link, scene])).filter(([link, scene]) => cells.some((c) => c.link === link && c.scene === scene));
  if (columns.length === 0) return "";
  const rows = present(cells, "peer", ownerOrder(peers)).map((peer) => {
    const values = columns.map(([link, scene]) => {
      const found = pick(cells, peer, scene, link);
      if (found.length === 0) return "–";
      const lost = spread(found, "lost").max;
      return `${withSpread(spread(found, "key_p50"))} / ${withSpread(spread(found, "key_p95"))}${lost ? `, ${lost} lost` : ""}`;
    });
    return values.every((v) => v === "–") ? null : `| ${name(peers, peer)} | ${values.join(" | ")} |`;
  });
  return [`| ms, p50 / p95 | ${columns.map(([link, scene]) => `${link}${keyScenes[scene]}`).join(" | ")} |`,
    `|---|${columns.map(() => "--:|").join("")}`, ...rows.filter(Boolean)].join("\n");
}

const name = (peers, peer) => (peers[peer].ours ? `**${peers[peer].label}**` : peers[peer].label);

export function sceneTable(cells, peers, scene, link) {
  const rows = [];
  for (const peer of ownerOrder(peers)) {
    const found = pick(cells, peer, scene, link);
    if (found.length === 0) continue;
    const v = (field, digits) => withSpread(spread(found, field), digits);
    const exact = found.filter((c) => typeof c.exact_ms === "number").length;
    rows.push(`| ${name(peers, peer)} | ${v("fps")} | ${v("stale_p50")} / ${v("stale_p95")} | ${v("lat_p50")} / ${v("lat_p95")} | ${v("kB_per_frame")} | ${v("up_kB")} | ` +
      `${v("psnr_motion", whole)} | ${v("psnr_1s", whole)} | ${exact === 0 ? "no" : `${v("exact_ms")}${exact < found.length ? ` in ${exact} of ${found.length}` : ""}`} | ` +
      `${v("cpu_server", whole)} | ${v("cpu_viewer", whole)} | ${v("pss_server", whole)} / ${v("pss_viewer", whole)} | ${v("cpu_other", whole)} | ${found.length} |`);
  }
  if (rows.length === 0) return "";
  const fps = spread(cells.filter((c) => c.scene === scene && !c.error), "src_fps");
  return [`#### ${link} / ${scene}${fps ? ` (source ${short(fps.median)} fps)` : ""}`, "",
    "| peer | fps | stale p50 / p95 | latency p50 / p95 | kB/frame | up kB | PSNR moving | 1 s | exact after ms | CPU server | viewer | MB server / viewer | CPU other | n |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|", ...rows].join("\n");
}

export function idleTable(cells, peers, link) {
  const rows = [];
  for (const peer of ownerOrder(peers)) {
    const found = pick(cells, peer, "idle", link);
    if (found.length === 0) continue;
    const v = (field, digits) => withSpread(spread(found, field), digits);
    rows.push(`| ${name(peers, peer)} | ${v("wakeups_server")} | ${v("wakeups_viewer")} | ${v("cpu_server")} | ${v("cpu_viewer")} | ${v("down_kB")} / ${v("up_kB")} | ${v("pss_server", whole)} / ${v("pss_viewer", whole)} | ${found.length} |`);
  }
  if (rows.length === 0) return "";
  return [`#### ${link} / idle`, "", "| peer | wake-ups/s server | viewer | CPU server | viewer | kB down / up | MB server / viewer | n |",
    "|---|--:|--:|--:|--:|--:|--:|--:|", ...rows].join("\n");
}

const motionScenes = ["typing", "scroll", "terminal", "window", "alttab", "slides", "photo", "video", "fullvideo", "spinner"];
export const heldOutScenes = ["page", "sheet"];

export function peerTables(cells, peers, links) {
  const parts = [];
  for (const link of present(cells, "link", links)) {
    const own = cells.filter((c) => c.link === link);
    const tables = [...motionScenes, ...heldOutScenes].map((scene) => sceneTable(own, peers, scene, link)).filter(Boolean);
    const idle = idleTable(own, peers, link);
    if (tables.length + (idle ? 1 : 0) > 0) parts.push(`### Link ${link}`, ...tables, ...(idle ? [idle] : []));
  }
  return parts.join("\n\n");
}

/** Bars of one figure for each scene of a link. */
function groupsOf(cells, peers, link, scenes, field) {
  return scenes.map((scene) => ({ name: scene, bars: ownerOrder(peers).map((peer) => {
    const s = spread(pick(cells, peer, scene, link), field);
    return s ? { label: peers[peer].label, value: s.median, min: s.min, max: s.max, ours: peers[peer].ours } : {};
  }) }));
}

/** name -> SVG of every picture that the cells can fill. */
export function plots(cells, peers, links) {
  const out = {};
  for (const link of present(cells, "link", links)) {
    out[`bench-age-${inFile(link)}.svg`] = barChart({ title: `Age of what is shown, link ${link}`, note: "p95 of every source frame until it or a newer one is shown, ms, logarithmic; the line is the spread over the runs",
      groups: groupsOf(cells, peers, link, motionScenes, "stale_p95"), low: 1, unit: " ms" });
    out[`bench-bytes-${inFile(link)}.svg`] = barChart({ title: `Bytes a frame, link ${link}`, note: "kB with all headers for each frame that was shown, to the settled picture, logarithmic",
      groups: groupsOf(cells, peers, link, motionScenes, "kB_per_frame"), low: 0.1, unit: " kB" });
  }
  const keys = (scene, link, title) => ({ ...groupsOf(cells, peers, link, [scene], "key_p50")[0], name: title });
  const bytes = (scene, link, title) => ({ ...groupsOf(cells, peers, link, [scene], "kB_per_frame")[0], name: title });
  const readme = [keys("keys", "lan", "Key press to picture, ms"), bytes("scroll", "lan", "A scrolled document, kB a frame"),
    keys("keys-video", "wan20", "Key beside a playing video, 20 Mbit/s 40 ms, ms"), bytes("terminal", "lan", "Terminal flood, kB a frame")]
    .map((g) => ({ ...g, bars: g.bars.filter((b) => b.label !== peers.limit.label) }));
  if (readme.some((g) => g.bars.some((b) => b.value))) {
    out["bench-readme.svg"] = barChart({ title: "Hearth beside its peers", note: "medians, less is better, logarithmic; 1920x1080, one 2-core machine without a GPU; scripts/bench", groups: readme, low: 0.5, ownScale: true });
  }
  return out;
}

/** Above this share of a core for other things, a cell's times are not believed without a look. */
export const disturbedPercent = 20;

/** How many cells the machine disturbed, as a sentence; nothing when none. */
export function disturbance(cells) {
  const measured = cells.filter((c) => typeof c.cpu_other === "number");
  const count = measured.filter((c) => c.cpu_other > disturbedPercent).length;
  return count === 0 ? "" : `**In ${count} of ${measured.length} cells of this run the machine was busy with other things (column "CPU other"): their times are
upper bounds. Bytes, PSNR and processor shares hold.**`;
}

const intro = (machine) => `# Measurements

Made by \`scripts/bench\` on ${machine}, no GPU. Each figure is the median of its runs, with the lowest and highest in
brackets where they differ. Ratios count; absolute times are of this class of machine: source, server, link, viewer and
target share its cores.
`;

const howMeasured = `## How it is measured

Two network namespaces: in one the source's X server, the program under test and, for Hearth, the broker; in the other
the viewer and the target's X server, 1920x1080 both. A scene draws new pixels into the source by XShmPutImage, between
two barcodes that hold the frame's number; a watcher maps the target's framebuffer, reads it every 0.2 ms and notes when
a frame is complete there: both barcodes, and between them the points where it differs from the one before. No program under test is changed or asked anything.

- **stale**: for every frame of the source, ms until it or a newer one is shown. **latency**: only for frames that were
  shown. Both from handing the frame to the source's X server.
- **key**: a key pressed at the target by XTest, carried to the source, where a square changes its colour, until the
  target shows it. **+ video**: the same over a playing 960x540 video. **+ files**: the same while \`hearth cp\` on the
  viewer's side fills the link with a file each way.
- **kB/frame**: bytes to the viewer with IP and TCP headers, from the start of the motion to the settled picture, by
  frames shown. About 0.1 to 0.5 kB of it are the barcodes. **up kB**: the other way, all of it.
- **PSNR**: over the whole screen less an edge of 4 px; 99 is exact. *Moving*: frames compared with what the source had
  drawn of them; *1 s*: a second after the motion ended. **exact after**: from the end of the motion until every pixel is
  equal.
- **CPU**: percent of one core while the scene moves, whole process trees; Hearth's server is host and broker.
  **MB**: proportional memory. **CPU other**: what else the machine did; above ${disturbedPercent} the times are disturbed.

Links: \`lan\` unshaped; \`wan20\` 20 Mbit/s, 40 ms there and back; \`wan20loss\` the same with 1 % loss each way;
\`dsl2\` 2 Mbit/s, 60 ms; \`far20\` 20 Mbit/s, 150 ms; \`wan100\` 100 Mbit/s, 40 ms; \`lan100\` 100 Mbit/s. Each with
a queue of 100 ms, at least 50 kB; TCP with CUBIC, Debian's default. The scenes \`page\` and \`sheet\` are held out: nobody tunes on them.
`;

function versionTable(cells, peers) {
  const rows = Object.keys(peers).filter((p) => cells.some((c) => c.peer === p)).map((p) => {
    const versions = cells.filter((c) => c.peer === p && c.versions?.length).at(-1)?.versions ?? [];
    const commits = [...new Set(cells.filter((c) => c.peer === p && c.revision).map((c) => c.revision))];
    const here = peers[p].ours ? [`this repository${commits.length ? ` at ${commits.join(", ")}` : ""}`] : [];
    return `| ${name(peers, p)} | ${[...here, ...versions].join(", ") || "this repository"} | ${peers[p].how} |`;
  });
  return rows.length ? ["| peer | version | how it is run |", "|---|---|---|", ...rows].join("\n") : "";
}

/** The whole of docs/bench.md. */
export function chapters(cells, peers, links, { machine, own }) {
  const parts = [intro(machine)];
  if (cells.length) {
    const used = present(cells, "link", links);
    const bytes = (l) => (l === "lan" || l === "wan20" ? [`![Bytes a frame, link ${l}](img/bench-bytes-${inFile(l)}.svg)`] : []);
    const pictures = used.flatMap((l) => [`![Age of what is shown, link ${l}](img/bench-age-${inFile(l)}.svg)`, ...bytes(l)]);
    parts.push("## Beside its peers", disturbance(cells), ...pictures, "### Key press to picture", keyTable(cells, peers, links), peerTables(cells, peers, links),
      howMeasured, "## Versions and flags", versionTable(cells, peers));
  }
  if (own) parts.push("## Hearth alone", own);
  return `${parts.filter(Boolean).map((p) => p.trim()).join("\n\n")}\n`;
}
