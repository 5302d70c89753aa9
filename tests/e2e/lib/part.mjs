// What is there of a file that is still coming.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of the first unfinished file of a folder; 0 when there is none. */
export async function partBytes(dir) {
  for (const name of await readdir(dir).catch(() => [])) {
    if (name.includes("hearth-part")) return (await stat(join(dir, name)).catch(() => ({ size: 0 }))).size;
  }
  return 0;
}
