import { adbIntoVm, expect, type Device } from "jest-avf";
import { signApk } from "jest-avf/apk";
import { test } from "./support/guest-test";
import { payloadApk, testKey } from "./support/payload-apk";
import { configFor } from "./support/payload-vm";

/** Of the central directory. */
const ENTRY = Buffer.from("PK\x01\x02", "latin1");
const MADE_BY_UNIX = 3;

/** An APK whose archive gives files these modes, as zip tools of Unix do, and no mode where that is undefined. */
async function withModes(apk: Buffer, modes: Readonly<Record<string, number | undefined>>): Promise<Buffer> {
  const changed = Buffer.from(apk);
  for (let at = changed.indexOf(ENTRY); at >= 0; at = changed.indexOf(ENTRY, at + 4)) {
    const name = changed.toString("utf8", at + 46, at + 46 + changed.readUInt16LE(at + 28));
    if (!(name in modes)) continue;
    changed.writeUInt8(MADE_BY_UNIX, at + 5);
    changed.writeUInt32LE((modes[name] ?? 0) * 2 ** 16, at + 38);
  }
  return signApk(changed, { key: await testKey() });
}

/** A payload without a launcher. */
const TOOL = `#!/system/bin/sh
echo "tool is $(id -u) $(id -g)"
grep Cap /proc/self/status
while true; do sleep 1; done
`;

/** Of an app that expects more than the guest has. */
const TOOL_CONFIG = {
  task: { type: "executable", command: "/mnt/apk/bin/tool" },
  apexes: [{ name: "com.android.i18n" }],
  enable_authfs: true,
};

const ownership = async (guest: Device, path: string): Promise<string> =>
  (await guest.exec(["stat", "-c", "%a %u %g", path])).stdout.trim();

test("files of an APK have the modes that zipfuse gives them, and what is executable runs as root", async ({
  app,
  vmm,
  shelf,
  device,
  signal,
}) => {
  const entries = {
    "bin/tool": Buffer.from(TOOL),
    "assets/private.txt": Buffer.from("mine\n"),
    "assets/tool.json": Buffer.from(JSON.stringify(TOOL_CONFIG)),
  };
  const modes = { "assets/note.txt": undefined, "bin/tool": undefined, "assets/private.txt": 0o100_600 };
  const apk = await withModes(await payloadApk({ entries }), modes);
  const vm = await vmm.create("vm1", configFor(app, await shelf.put("modes", apk), "assets/tool.json").build());
  await vm.run();
  await expect(vm).toPrint("`apexes` of the payload config has no effect on the emulated device");
  await expect(vm).toPrint("`enable_authfs` of the payload config has no effect on the emulated device");
  // A task of type executable runs as root, as in microdroid_manager's exec_task, without capabilities.
  await expect(vm).toPrintInOrder(["tool is 0 0", /^CapPrm:\s+0{16}$/m, /^CapEff:\s+0{16}$/m, /^CapBnd:\s+0{16}$/m]);
  await using guest = await adbIntoVm(device, vm, { signal });
  expect(await ownership(guest, "/mnt/apk")).toBe("550 0 6000");
  expect(await ownership(guest, "/mnt/apk/assets")).toBe("550 0 6000");
  expect(await ownership(guest, "/mnt/apk/assets/note.txt")).toBe("440 0 6000");
  expect(await ownership(guest, "/mnt/apk/bin/tool")).toBe("550 0 6000");
  expect(await ownership(guest, "/mnt/apk/assets/private.txt")).toBe("600 0 6000");
});
