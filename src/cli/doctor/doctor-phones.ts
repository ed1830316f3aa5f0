/** What `avf doctor` says where no emulated device runs, but the harness for phones does: macOS, Windows, arm64 Linux. */
import { requireCache } from "../../base/cache/cache.js";
import { requireTemporaryFolder } from "../../base/files/temporary-folder.js";
import { inspectAdbServer, openAdbServer } from "../../device/index.js";
import { attempt, type Finding } from "../../emulator/doctor.js";
import { labAddress } from "../../lab/sources/lab-address.js";
import { parseSerials } from "../../lab/sources/device-source.js";
import { findProgram } from "../../process/programs/find-program.js";
import { runUnchecked } from "../../process/run.js";

const USE_A_PHONE = "name a phone: ANDROID_SERIAL=<serial>, as adb devices lists it";

/** Whether this host can have an emulated device at all. */
export function mayEmulate(platform: string = process.platform, arch: string = process.arch): boolean {
  return platform === "linux" && arch === "x64";
}

export async function diagnosePhonesOnly(results: () => string): Promise<readonly Finding[]> {
  const serials = parseSerials(process.env["ANDROID_SERIAL"]);
  const here = `${process.platform} ${process.arch}`;
  const emulated = { name: "emulated device", detail: `needs Linux on x86-64; this is ${here}: phones only` };
  return [
    { name: "system", state: "ok", detail: `${here}, Node ${process.versions.node}` },
    serials.length > 0 || labAddress() !== undefined
      ? { ...emulated, state: "note" }
      : { ...emulated, state: "failed", fix: USE_A_PHONE },
    await attempt("cache", () => requireCache()),
    await attempt("results", results),
    await attempt("temporary files", () => requireTemporaryFolder()),
    ...(await findingsOfAdb()),
  ];
}

async function findingsOfAdb(): Promise<readonly Finding[]> {
  const path = findProgram("adb");
  if (path === undefined) {
    const fix = "install Android's platform-tools, and add their folder to PATH";
    return [{ name: "adb", state: "failed", detail: "not found in PATH", fix }];
  }
  let runs = false;
  const server = await attempt("adb server", async () => {
    const { where, version } = await inspectAdbServer();
    runs = version !== undefined;
    return runs ? `${where}, version ${version}` : `none at ${where} yet; a run starts it`;
  });
  return [
    { name: "adb", state: "ok", detail: path },
    server,
    ...(runs ? [await attempt("phones", attached, "note")] : []),
  ];
}

async function attached(): Promise<string> {
  const { command } = await openAdbServer();
  const { stdout } = await runUnchecked([...command, "devices"], { timeoutMs: 10_000 });
  const phones = [...stdout.matchAll(/^(\S+)\t(\S.*?)\r?$/gm)].map(([, serial, state]) => `${serial} (${state})`);
  return phones.length === 0 ? "none that adb knows of" : phones.join(", ");
}
