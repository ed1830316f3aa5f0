import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type App, type VirtualMachineConfigBuilder } from "jest-avf";
import { test } from "./support/guest-test";
import { payloadApk } from "./support/payload-apk";
import { configFor, REFUSALS, runForFacts, runToEnd } from "./support/payload-vm";

const ROOT = join(__dirname, "../..");
const HEX_32 = /^[0-9a-f]{64}$/;

/** A folder with `npx avf` and the package in it, and the page's files. */
async function projectOfPage(): Promise<string> {
  const page = await readFile(join(ROOT, "docs/payloads.md"), "utf8");
  const block = (language: string): string =>
    new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "m").exec(page)?.[1] ?? "";
  const folder = await mkdtemp(join(tmpdir(), "avf-payload-"));
  await mkdir(join(folder, "app"));
  await mkdir(join(folder, "node_modules"));
  await symlink(ROOT, join(folder, "node_modules/jest-avf"));
  await writeFile(join(folder, "hello.c"), block("c"));
  await writeFile(join(folder, "app/AndroidManifest.xml"), block("xml"));
  const commands = block("sh").replaceAll("npx avf", `${process.execPath} node_modules/jest-avf/src/cli/avf.cjs`);
  await writeFile(join(folder, "build.sh"), commands.replace(/^.* run Hello.apk .*$/m, ""));
  return folder;
}

function binary(app: App, apk: string, library: string): VirtualMachineConfigBuilder {
  return app.vmConfigForBinary(library).setApkPath(apk);
}

test("a payload has Android's API, and the older entry point is found too", async ({ app, vmm, shelf }) => {
  const apk = await shelf.put("api", await payloadApk());
  const vm = await vmm.create("api", configFor(app, apk).build());
  const old = await vmm.create("old", binary(app, apk, "OldEntryPayload.so").build());
  const [facts] = await Promise.all([runForFacts(vm), old.run()]);

  expect(facts.get("contents")).toBe("/mnt/apk");
  expect(facts.get("note")).toBe("a note in the APK");
  expect(facts.get("storage")).toBe("none");
  expect(facts.get("secret alpha")).toMatch(HEX_32);
  expect(facts.get("secret beta")).toMatch(HEX_32);
  expect(facts.get("secret beta")).not.toBe(facts.get("secret alpha"));
  expect(facts.get("short secret alpha")).toBe(facts.get("secret alpha")?.slice(0, 32));
  expect(facts.get("attestation")).toBe("-10003");
  expect(facts.get("attestation of too much")).toBe("-10001");
  expect(facts.get("uid")).toBe("6000");
  // The payload said it twice.
  expect(vm.events.history.filter(({ event }) => event.kind === "payload-ready")).toHaveLength(1);

  await expect(old).toPrint(/^Hello from the older entry point, \/mnt\/apk\/lib\/[^/]+\/OldEntryPayload\.so$/);
  expect(await old.waitFor("finished")).toEqual({ kind: "finished", exitCode: 13 });
});

test("a payload built as docs/payloads.md says runs; one for Android's libc says where it would", async ({
  app,
  vmm,
  shelf,
}) => {
  const folder = await projectOfPage();
  try {
    execFileSync("sh", ["-e", "build.sh"], { cwd: folder, stdio: "pipe" });
    const apk = await shelf.put("hello", await readFile(join(folder, "Hello.apk")));
    const hello = await vmm.create("hello", binary(app, apk, "Hello.so").build());
    const tests = await shelf.put("api", await payloadApk());
    const bionic = await vmm.create("bionic", binary(app, tests, "AndroidLibcPayload.so").build());
    await Promise.all([hello.run(), bionic.run()]);
    await expect(hello).toPrint(/^Hello from \/mnt\/apk, with a secret that begins with [0-9a-f]{2}$/);
    expect(await hello.waitFor("finished")).toEqual({ kind: "finished", exitCode: 7 });
    await expect(bionic).toPrint(/needs Android's own libc\.so, .* run it on an AVF device/);
    expect(await bionic.waitFor("finished")).toEqual({ kind: "finished", exitCode: 1 });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a payload that is not there, and a config without a task", async ({ app, vmm, shelf }) => {
  const apk = await shelf.put("api", await payloadApk());
  const missing = await vmm.create("missing", binary(app, apk, "DoesNotExist.so").build());
  const noTask = await vmm.create("no-task", configFor(app, apk, "assets/vm_config_no_task.json").build());
  const [ofMissing, ofNoTask] = await Promise.all([runToEnd(missing), runToEnd(noTask)]);
  expect(ofMissing).toMatchObject(REFUSALS.unknown);
  expect(ofMissing.errors[0]?.message).toContain("/DoesNotExist.so");
  expect(ofNoTask).toMatchObject(REFUSALS.badConfig);
  expect(ofNoTask.errors[0]?.message).toContain("No task in VM config");
});
