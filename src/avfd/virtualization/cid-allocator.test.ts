import { describe, expect, test } from "@jest/globals";
import { nextCid } from "./cid-allocator.js";

const none = (): boolean => false;

describe("CIDs", () => {
  test("release 15 begins at 2048, goes up, and after 65535 begins again", () => {
    expect(nextCid(15, undefined, none)).toBe(2048);
    expect(nextCid(15, 2048, none)).toBe(2049);
    expect(nextCid(15, 65_535, none)).toBe(2048);
  });

  test("those of live VMs are skipped, also after the wrap-around", () => {
    const taken = new Set([2049, 2050]);
    expect(nextCid(15, 2048, (cid) => taken.has(cid))).toBe(2051);
    expect(nextCid(15, 65_534, (cid) => cid === 65_535 || cid === 2048)).toBe(2049);
  });

  test("when all are taken there is none", () => {
    expect(nextCid(15, 3000, () => true)).toBeUndefined();
  });

  test("release 13 begins at 10 and does not use one twice", () => {
    expect(nextCid(13, undefined, none)).toBe(10);
    expect(nextCid(13, 65_535, none)).toBe(65_536);
    expect(nextCid(13, 0xffff_fffe, none)).toBeUndefined();
  });

  test("a changed property does not lead out of the range", () => {
    expect(nextCid(15, 3, none)).toBe(2048);
    expect(nextCid(15, 1e9, none)).toBe(2048);
  });
});
