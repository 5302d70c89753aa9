// Files and a folder dragged from this computer onto the file pane arrive whole, with the folders they lay in.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sha256, until } from "./lib/ring.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, page, cdp, host, from;
before(async () => {
  stage = await openStage({ name: "Attic", display: null, upTo: "ring" });
  ({ ring, page, host } = stage);
  from = join(ring.dir, "from");
  await mkdir(join(from, "Wood shop", "plans", "old"), { recursive: true });
  await mkdir(join(from, "Wood shop", "nothing here"));
  await writeFile(join(from, "first.bin"), randomBytes(3_000_000));
  await writeFile(join(from, "second é.txt"), "a line\n");
  await writeFile(join(from, "Wood shop", "list.txt"), "oak, ash\n");
  await writeFile(join(from, "Wood shop", "plans", "table.bin"), randomBytes(1_500_000));
  await writeFile(join(from, "Wood shop", "plans", "old", "empty"), "");
  await page.getByRole("button", { name: "Files of Attic" }).or(page.getByRole("link", { name: "Files of Attic" })).first().click();
  await page.getByText("Nothing here yet.").waitFor();
  cdp = await page.context().newCDPSession(page);
});
after(() => stage?.close());

async function drag(names, steps) {
  const box = await page.locator("section.pane").boundingBox();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const data = { items: [], files: names.map((name) => join(from, name)), dragOperationsMask: 1 };
  for (const type of steps) await cdp.send("Input.dispatchDragEvent", { type, ...at, data });
}

test("while files hang over the pane it says where they would go", async () => {
  await drag(["first.bin"], ["dragEnter", "dragOver"]);
  await page.getByText("Drop into Home").waitFor();
  await cdp.send("Input.dispatchDragEvent", { type: "dragOver", x: 8, y: 400, data: { items: [], files: [join(from, "first.bin")], dragOperationsMask: 1 } });
  await page.getByText("Drop into Home").waitFor({ state: "detached" });
});

test("files and a folder that are dropped arrive, equal by SHA-256", async () => {
  await drag(["first.bin", "second é.txt", "Wood shop"], ["dragEnter", "dragOver", "drop"]);
  const paths = ["first.bin", "second é.txt", "Wood shop/list.txt", "Wood shop/plans/table.bin", "Wood shop/plans/old/empty"];
  for (const path of paths) {
    await until(`${path} is there`, () => stat(join(host.files, path)).catch(() => null), 20000);
    assert.equal(await sha256(join(host.files, path)), await sha256(join(from, path)), path);
  }
  await until("an empty folder too", () => stat(join(host.files, "Wood shop", "nothing here")).catch(() => null));
  assert.deepEqual((await readdir(host.files)).filter((name) => name.includes("hearth-part")), []);
  await page.getByRole("button", { name: "Download second é.txt" }).waitFor();
  await page.getByRole("link", { name: "Wood shop" }).or(page.getByRole("button", { name: "Wood shop", exact: true })).first().waitFor();
  assert.deepEqual(page.problems, []);
});

test("a name that is there already is asked about, and both are kept", async () => {
  await writeFile(join(from, "second é.txt"), "another line\n");
  await drag(["second é.txt"], ["dragEnter", "dragOver", "drop"]);
  await page.getByText("Both are called second é.txt.").waitFor();
  await page.getByRole("button", { name: "Keep both" }).click();
  await until("the second copy is there", () => stat(join(host.files, "second é (2).txt")).catch(() => null));
});
