import { describe, expect, it } from "vitest";
import { DiskWriter, isWhole, partName } from "./disk";

/** A file in memory that counts how often it is written. */
function fake() {
  const file = { bytes: new Uint8Array(2 << 20), writes: 0 };
  const access = {
    write: (data: Uint8Array, options: { at: number }) => {
      file.bytes.set(data, options.at);
      file.writes++;
      return data.length;
    },
  };
  return { file, access: access as unknown as FileSystemSyncAccessHandle };
}

describe("disk", () => {
  it("pieces that follow each other are written together and in place", () => {
    const { file, access } = fake();
    const disk = new DiskWriter(access);
    for (let i = 0; i < 64; i++) disk.write(new Uint8Array(16_384).fill(i + 1), i * 16_384);
    disk.drain();
    expect(file.writes).toBe(4);
    for (let i = 0; i < 64; i++) expect(file.bytes[i * 16_384 + 16_383]).toBe(i + 1);
  });

  it("a jump writes what came before where it belongs", () => {
    const { file, access } = fake();
    const disk = new DiskWriter(access);
    disk.write(new Uint8Array([1, 2]), 10);
    disk.write(new Uint8Array([9]), 100);
    disk.drain();
    expect([file.bytes[10], file.bytes[11], file.bytes[12], file.bytes[100]]).toEqual([1, 2, 0, 9]);
  });

  it("a part's name tells when it is whole", () => {
    expect(isWhole(partName("ab", 5), 5)).toBe(true);
    expect(isWhole(partName("ab", 5), 4)).toBe(false);
    expect(isWhole("other", 4)).toBe(false);
  });
});
