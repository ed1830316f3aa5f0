import { describe, expect, test } from "@jest/globals";
import { checkVmName, vmFolder } from "./vm-folder.js";
import { outcomeOf } from "../testing/outcome.js";

test.each(["vm1", "a b", "..a", "VM-1_x.y", "微机", "😀", "$(reboot)", "'", "a".repeat(255)])(
  "%j is a name",
  (name) => {
    expect(checkVmName(name)).toBe(name);
  },
);

describe("names that could leave the folder, or upset a shell or a file system", () => {
  test.each([
    ["", ""],
    [".", "."],
    ["..", ".."],
    ["../foo", "../foo"],
    ["a/b", "a/b"],
    ["/", "/"],
    ["a\0b", "a\\x00b"],
    ["a\nb", "a\\x0ab"],
    ["\u007f", "\\x7f"],
    ["-rf", "-rf"],
    ["\ud83d", "\\ud83d"],
    ["a".repeat(256), "a".repeat(256)],
    ["微".repeat(86), "微".repeat(86)],
  ])("%j", async (name, printed) => {
    expect(await outcomeOf(() => checkVmName(name))).toBe(`ILLEGAL_ARGUMENT: Invalid VM name: ${printed}`);
  });

  test("none at all", async () => {
    expect(await outcomeOf(() => checkVmName(null as never))).toBe("NULL_ARGUMENT: name must not be null");
    expect(await outcomeOf(() => checkVmName(7 as never))).toBe("ILLEGAL_ARGUMENT: Invalid VM name: 7");
  });

  test("the message stays short, whatever the name", async () => {
    expect((await outcomeOf(() => checkVmName("x/".repeat(5000)))).length).toBeLessThan(400);
  });
});

test("the layout is Android 15's", () => {
  const folder = vmFolder("/data/user/0/com.example/", "vm1");
  expect({ ...folder, extraIdsig: folder.extraIdsig(1) }).toEqual({
    root: "/data/user/0/com.example/vm/vm1",
    config: "/data/user/0/com.example/vm/vm1/config.xml",
    instanceImage: "/data/user/0/com.example/vm/vm1/instance.img",
    instanceId: "/data/user/0/com.example/vm/vm1/instance_id",
    idsig: "/data/user/0/com.example/vm/vm1/idsig",
    storage: "/data/user/0/com.example/vm/vm1/storage.img",
    extraIdsig: "/data/user/0/com.example/vm/vm1/extra_idsig_1",
  });
});
