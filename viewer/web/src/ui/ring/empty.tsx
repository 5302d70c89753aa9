/* A ring of one: what it will be, and the one thing to do. */
import { Plus } from "lucide-preact";
import { follow, placeHref } from "../place";
import { words } from "../words";

export function Empty() {
  const w = words.value.ring;
  return (
    <div class="empty">
      <div class="col">
        <svg class="art" viewBox="0 0 560 300" fill="none" aria-hidden="true">
          <defs>
            <radialGradient id="emptyglow">
              <stop offset="0" stop-color="#f0713a" stop-opacity=".5" />
              <stop offset="1" stop-color="#f0713a" stop-opacity="0" />
            </radialGradient>
          </defs>
          <ellipse cx="280" cy="150" rx="220" ry="130" fill="url(#emptyglow)" />
          <rect
            x="64"
            y="46"
            width="432"
            height="208"
            rx="104"
            stroke="var(--edge)"
            stroke-width="2.5"
            stroke-dasharray="2 11"
            stroke-linecap="round"
          />
          <g fill="var(--ground)" stroke="var(--edge)" stroke-width="1.5" stroke-dasharray="4 6">
            <rect x="228" y="14" width="104" height="64" rx="9" />
            <rect x="12" y="118" width="104" height="64" rx="9" />
            <rect x="444" y="118" width="104" height="64" rx="9" />
          </g>
          <rect
            x="228"
            y="222"
            width="104"
            height="64"
            rx="9"
            fill="var(--surface)"
            stroke="var(--spruce)"
            stroke-width="2.5"
          />
          <circle cx="280" cy="254" r="13" stroke="var(--spruce)" stroke-width="2" />
          <path
            d="M267 254h26M280 241c-9 8-9 18 0 26c9-8 9-18 0-26"
            stroke="var(--spruce)"
            stroke-width="2"
          />
          <circle cx="280" cy="150" r="20" fill="var(--ember)" />
        </svg>
        <h2>{w.emptyH}</h2>
        <p class="soft">{w.emptyP}</p>
        <a
          class="b fire tall"
          href={placeHref({ at: "add", code: "" })}
          onClick={follow({ at: "add", code: "" })}
        >
          <Plus class="i" aria-hidden="true" />
          {w.add}
        </a>
      </div>
    </div>
  );
}
