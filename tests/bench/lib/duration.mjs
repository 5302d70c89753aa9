// How long a run takes, before it does. Pure.

/** What a scene costs beside its motion: painting it, the first picture, its rest, and /proc. */
const overheadMs = 2000;
/** Between two keys, the echo included. */
const keyMs = 350;
const transferMs = 5000;

/** Of one scene, at most: one that ends exact is over sooner. */
export function expectedMs(scene, { seconds, settleMs, keys }) {
  if (!scene.startsWith("keys")) return seconds * 1000 + (scene === "idle" ? 0 : settleMs) + overheadMs;
  return keys * keyMs + overheadMs + (scene.endsWith("-transfer") ? transferMs : 0);
}

/** "about 25 minutes", never less than one. */
export function sayMinutes(ms) {
  const minutes = Math.max(1, Math.round(ms / 60000));
  return minutes < 120 ? `about ${minutes} min` : `about ${(minutes / 60).toFixed(1)} hours`;
}
