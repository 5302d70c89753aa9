/* A landscape for a device that shows no picture: always the same for the same device, so that places are known
 * again. Cool hues only: warm ones mean that something is on. */
import { Globe, Laptop, Monitor } from "lucide-preact";
import type { Device } from "../../engine/api";

type Hues = [sky: string, far: string, middle: string, near: string, disc: string];

const palettes: Hues[] = [
  ["#6d8a94", "#5d8480", "#44695f", "#2c4b44", "#c4d3d2"],
  ["#66769a", "#54658a", "#40506f", "#2b3850", "#c3cbdb"],
  ["#7f9a86", "#68866f", "#4d6a56", "#344b3c", "#d0dacb"],
  ["#7d7790", "#676279", "#4d4a60", "#35334a", "#d0ccda"],
  ["#5f8799", "#4b7388", "#375a6e", "#244153", "#c2d5dc"],
  ["#85898c", "#6c7174", "#52575a", "#393e41", "#d3d6d6"],
];

/* Small and steady; only looks depend on it. */
function seeded(text: string): () => number {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ letter.charCodeAt(0), 16777619);
  return () => {
    state = Math.imul(state ^ (state >>> 15), 2246822507);
    state = Math.imul(state ^ (state >>> 13), 3266489909);
    state ^= state >>> 16;
    return (state >>> 0) / 4294967296;
  };
}

function hills(random: () => number, base: number, swing: number): string {
  const steps = 6;
  let path = "M0 180L0";
  const at = () => base + (random() - 0.5) * swing;
  let y = at();
  path += ` ${y.toFixed(1)}`;
  for (let k = 0; k < steps; k++) {
    const x0 = (320 / steps) * k;
    const x1 = (320 / steps) * (k + 1);
    const next = at();
    const half = (x0 + x1) / 2;
    path += `C${half.toFixed(1)} ${y.toFixed(1)} ${half.toFixed(1)} ${next.toFixed(1)} ${x1.toFixed(1)} ${next.toFixed(1)}`;
    y = next;
  }
  return `${path}L320 180Z`;
}

export function Land(props: { seed: string }) {
  const random = seeded(props.seed);
  const hues = palettes[Math.floor(random() * palettes.length)] as Hues;
  const discX = 60 + random() * 200;
  const discY = 34 + random() * 26;
  return (
    <svg class="land" viewBox="0 0 320 180" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="320" height="180" fill={hues[0]} />
      <circle cx={discX.toFixed(1)} cy={discY.toFixed(1)} r="13" fill={hues[4]} opacity="0.85" />
      <path d={hills(random, 86, 34)} fill={hues[1]} />
      <path d={hills(random, 114, 30)} fill={hues[2]} />
      <path d={hills(random, 146, 22)} fill={hues[3]} />
    </svg>
  );
}

export function deviceIcon(device: Device) {
  if (device.role === "browser") return Globe;
  return /laptop|book|think/i.test(device.name) ? Laptop : Monitor;
}

export function Plate(props: { device: Device }) {
  const { device } = props;
  if (device.presence === "here" || device.presence === "offline") {
    const Icon = deviceIcon(device);
    return (
      <span class="plate" aria-hidden="true">
        <Icon class="i" />
      </span>
    );
  }
  return <Land seed={device.id} />;
}
