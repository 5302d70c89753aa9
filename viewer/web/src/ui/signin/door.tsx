/* The picture beside the form: a ring of screens round a fire. Drawn, so that it costs no request. */
import { Mark } from "../parts/mark";
import { words } from "../words";

const W = 132;
const H = 83;
const frames: {
  x: number;
  y: number;
  kind: "land" | "folders" | "off";
  hues?: [string, string, string, string];
}[] = [
  { x: 96, y: 528, kind: "off" },
  { x: 36, y: 349, kind: "land", hues: ["#66769a", "#54658a", "#40506f", "#2b3850"] },
  { x: 116, y: 175, kind: "land", hues: ["#7d7790", "#676279", "#4d4a60", "#35334a"] },
  { x: 294, y: 104, kind: "land", hues: ["#6d8a94", "#5d8480", "#44695f", "#2c4b44"] },
  { x: 472, y: 175, kind: "land", hues: ["#7f9a86", "#68866f", "#4d6a56", "#344b3c"] },
  { x: 552, y: 349, kind: "folders" },
  { x: 492, y: 528, kind: "land", hues: ["#3c3f41", "#343739", "#2c2f31", "#26292a"] },
];

function Frame(props: (typeof frames)[number] & { i: number }) {
  const lit = props.i === 3;
  return (
    <g transform={`translate(${props.x} ${props.y})`}>
      <clipPath id={`door${props.i}`}>
        <rect width={W} height={H} rx="8" />
      </clipPath>
      <rect width={W} height={H} rx="8" fill={props.kind === "folders" ? "#1c2f2d" : "#221f1c"} />
      {props.kind === "land" && props.hues ? (
        <g clip-path={`url(#door${props.i})`}>
          <rect width={W} height={H} fill={props.hues[0]} />
          <circle cx={38 + ((props.i * 29) % 60)} cy="20" r="6" fill="#fff" opacity=".55" />
          <path d="M0 83V44C20 30 44 52 66 42S112 30 132 44V83Z" fill={props.hues[1]} />
          <path d="M0 83V58C24 50 40 64 70 56S110 50 132 60V83Z" fill={props.hues[2]} />
          <path d="M0 83V72C30 64 60 76 90 68S120 68 132 72V83Z" fill={props.hues[3]} />
        </g>
      ) : null}
      {props.kind === "folders" ? (
        <path
          d="M20 32h9l3 4h14v18H20zM54 32h9l3 4h14v18H54zM88 32h9l3 4h14v18H88z"
          fill="none"
          stroke="#7ccbc2"
          stroke-width="2"
          stroke-linejoin="round"
        />
      ) : null}
      {props.kind === "off" ? (
        <g fill="none" stroke="#8f857b" stroke-width="2" stroke-linejoin="round">
          <rect x="50" y="27" width="32" height="22" rx="3" />
          <path d="M42 56h48" />
        </g>
      ) : null}
      <rect
        width={W}
        height={H}
        rx="8"
        fill="none"
        stroke={lit ? "#f0713a" : "#f3eee8"}
        stroke-opacity={lit ? 1 : 0.4}
        stroke-width={lit ? 2.5 : 1.25}
        {...(props.kind === "off" ? { "stroke-dasharray": "3 6" } : {})}
      />
    </g>
  );
}

export function Door() {
  return (
    <div class="door iron" aria-hidden="true">
      <svg class="art" viewBox="0 0 720 900" preserveAspectRatio="xMidYMin meet" aria-hidden="true">
        <defs>
          <radialGradient id="doorglow">
            <stop offset="0" stop-color="#f0713a" stop-opacity=".72" />
            <stop offset=".3" stop-color="#b4481c" stop-opacity=".32" />
            <stop offset=".65" stop-color="#6b2a12" stop-opacity=".13" />
            <stop offset="1" stop-color="#1b1816" stop-opacity="0" />
          </radialGradient>
        </defs>
        <ellipse cx="360" cy="632" rx="350" ry="420" fill="url(#doorglow)" />
        <path
          d="M243 634A258 258 0 1 1 477 634"
          fill="none"
          stroke="#f3eee8"
          stroke-opacity=".6"
          stroke-width="3"
          stroke-linecap="round"
        />
        {frames.map((frame, i) => (
          <Frame key={frame.x + frame.y} {...frame} i={i} />
        ))}
        <circle cx="360" cy="638" r="32" fill="#f0713a" />
      </svg>
      <div class="row brand">
        <Mark />
        <b>Hearth</b>
      </div>
      <p class="say">{words.value.signin.say}</p>
    </div>
  );
}
