// Bar charts as SVG: plain, readable on light and dark pages, each bar with its value. Pure.

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

/** A number in as few digits as its size deserves. */
export function short(value) {
  if (value === null || value === undefined) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  return value.toFixed(digits);
}

const style = `
text{font:13px system-ui,sans-serif;fill:#1f2933}
.title{font-weight:600;font-size:16px}.group{font-weight:600}.note{font-size:12px;fill:#5b6b7a}
.paper{fill:#fff}.peer{fill:#8fa3b5}.ours{fill:#c8641e}.axis{stroke:#c9d2da}.spread{stroke:#1f2933;stroke-width:1.2}
@media (prefers-color-scheme:dark){text{fill:#dfe6ec}.note{fill:#9fb0bf}.paper{fill:#12181d}.peer{fill:#5f7487}.ours{fill:#e8853d}
.axis{stroke:#3a4650}.spread{stroke:#dfe6ec}}`;

const labelWidth = 150, barWidth = 430, valueWidth = 120, rowHeight = 19;

/** Where a value ends on a scale from low to high, logarithmic, 0..1. */
export function logPlace(value, low, high) {
  if (value <= low) return 0;
  return Math.min(1, Math.log(value / low) / Math.log(high / low));
}

/**
 * groups: [{name, bars: [{label, value, min, max, ours, text}]}]; a bar without value is left out.
 * The scale is logarithmic and starts at low; one for all groups, or each group's own.
 */
export function barChart({ title, note, groups, low = 1, unit = "", columns = 2, ownScale = false }) {
  const filled = groups.map((g) => ({ ...g, bars: g.bars.filter((b) => typeof b.value === "number") })).filter((g) => g.bars.length);
  const most = (bars) => Math.max(low * 10, ...bars.map((b) => b.max ?? b.value));
  const all = most(filled.flatMap((g) => g.bars));
  const columnWidth = labelWidth + barWidth + valueWidth;
  const parts = [];
  const heights = new Array(columns).fill(64);
  filled.forEach((group) => {
    const column = heights.indexOf(Math.min(...heights));
    const x0 = column * columnWidth + 16;
    const high = ownScale ? most(group.bars) : all;
    let y = heights[column];
    parts.push(`<text class="group" x="${x0}" y="${y}">${escape(group.name)}</text>`);
    y += 8;
    const zero = x0 + labelWidth;
    parts.push(`<line class="axis" x1="${zero}" x2="${zero}" y1="${y}" y2="${y + group.bars.length * rowHeight}"/>`);
    for (const bar of group.bars) {
      const end = Math.max(2, logPlace(bar.value, low, high) * barWidth);
      parts.push(`<text x="${zero - 8}" y="${y + 14}" text-anchor="end">${escape(bar.label)}</text>`);
      parts.push(`<rect class="${bar.ours ? "ours" : "peer"}" x="${zero}" y="${y + 3}" width="${end.toFixed(1)}" height="13" rx="2"/>`);
      let right = end;
      if (bar.max > bar.min) {
        const a = logPlace(bar.min, low, high) * barWidth, b = logPlace(bar.max, low, high) * barWidth;
        right = Math.max(right, b);
        parts.push(`<line class="spread" x1="${(zero + a).toFixed(1)}" x2="${(zero + b).toFixed(1)}" y1="${y + 9.5}" y2="${y + 9.5}"/>`);
      }
      parts.push(`<text x="${(zero + right + 6).toFixed(1)}" y="${y + 14}">${escape(bar.text ?? `${short(bar.value)}${unit}`)}</text>`);
      y += rowHeight;
    }
    heights[column] = y + 26;
  });
  const width = columns * columnWidth + 16, height = Math.max(...heights);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>${style}
</style>
<rect class="paper" width="${width}" height="${height}" rx="8"/>
<text class="title" x="16" y="24">${escape(title)}</text>
<text class="note" x="16" y="42">${escape(note ?? "")}</text>
${parts.join("\n")}
</svg>
`;
}
