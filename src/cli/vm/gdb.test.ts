import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noteGdb } from "../../device/gdb-notes.js";
import { run } from "./gdb.js";

const { AVF_CACHE_DIR, PATH } = process.env;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-gdb-"));
  process.env["AVF_CACHE_DIR"] = folder;
});
afterEach(() => {
  for (const [name, value] of Object.entries({ AVF_CACHE_DIR, PATH })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(folder, { recursive: true, force: true });
});

test("says which VMs can be debugged if none is named or there is none of that name", async () => {
  await expect(run([])).rejects.toMatchObject({ code: "WHICH_GDB", hint: "start one with vm.run({ gdb: true })" });
  noteGdb({ vm: "vm1", serial: "a", port: 4711 });
  noteGdb({ vm: "vm1", serial: "b", port: 4712 });
  const both = /vm1 on a: 127\.0\.0\.1:4711[^]*vm1 on b: 127\.0\.0\.1:4712|4712[^]*4711/;
  await expect(run(["vm1"])).rejects.toMatchObject({ code: "WHICH_GDB", hint: expect.stringMatching(both) });
  await expect(run(["vm2"])).rejects.toMatchObject({ code: "WHICH_GDB" });
});

test("says how to get gdb if it is missing", async () => {
  process.env["PATH"] = folder;
  noteGdb({ vm: "vm1", serial: "a", port: 4711 });
  const missing = { kind: "infrastructure", code: "NO_GDB", hint: expect.stringContaining("apt install gdb") };
  await expect(run([])).rejects.toMatchObject(missing);
  await expect(run(["127.0.0.1:4711"])).rejects.toMatchObject(missing);
  await expect(run(["vm1", "--vmlinux", "/no/such/file"])).rejects.toMatchObject({ code: "NO_VMLINUX" });
});

test("starts gdb with the kernel's file, a longer timeout, the address, and gdb's own arguments, in that order", async () => {
  const said = join(folder, "argv");
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/gdb"), `#!/bin/sh\nprintf '%s\\n' "$@" >'${said}'\nexit 7\n`, { mode: 0o755 });
  process.env["PATH"] = `${join(folder, "bin")}:${PATH ?? ""}`;
  expect(await run(["localhost:4711", "--vmlinux", __filename, "--", "-batch", "--device"])).toBe(7);
  const attach = ["-ex", "set remotetimeout 60", "-ex", "target remote 127.0.0.1:4711"];
  expect(readFileSync(said, "utf8").trim().split("\n")).toEqual([__filename, ...attach, "-batch", "--device"]);
  noteGdb({ vm: "2024", serial: "a", port: 4712 });
  expect(await run(["2024"])).toBe(7);
  expect(readFileSync(said, "utf8")).toContain("target remote 127.0.0.1:4712\n");
  expect(await run(["2025"])).toBe(7);
  expect(readFileSync(said, "utf8")).toContain("target remote 127.0.0.1:2025\n");
});
