/** A conversation with the real host orchestrator, and its answers as they were: what the fake of the unit tests is made of. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export interface Recording {
  /** Of google/android-cuttlefish, whose frontend/src/host_orchestrator was built. */
  readonly revision: string;
  readonly exchanges: readonly Exchange[];
}

type Step = readonly [method: string, path: string, body?: object];

export const RECORDING = join(__dirname, "recorded.json");
export const GROUP = "avf_host_1_0123abcd";

const make = (stub: object): object => ({
  env_config: { common: { group_name: GROUP }, instances: [{ name: "phone", stub }] },
});

/** `OPERATION` is what was begun last, `REPORT` the bug report that was made. */
const STEPS: readonly Step[] = [
  ["GET", "cvds"],
  ["GET", `cvds/${GROUP}`],
  ["POST", "cvds", {}],
  ["POST", "cvds", make({ fails: "VIRTUAL_DEVICE_BOOT_FAILED" })],
  ["POST", "operations/OPERATION/:wait"],
  ["DELETE", `cvds/${GROUP}`],
  ["POST", "operations/OPERATION/:wait"],
  ["POST", "cvds", make({ bootMs: 0 })],
  ["POST", "operations/OPERATION/:wait"],
  ["GET", "cvds"],
  ["GET", `cvds/${GROUP}`],
  ["POST", `cvds/${GROUP}/phone/:powerwash`],
  ["POST", "operations/OPERATION/:wait"],
  ["POST", `cvds/${GROUP}/phone/snapshots`, { snapshot_id: "first" }],
  ["POST", "operations/OPERATION/:wait"],
  ["POST", `cvds/${GROUP}/phone/:stop`],
  ["POST", "operations/OPERATION/:wait"],
  ["GET", `cvds/${GROUP}`],
  ["POST", `cvds/${GROUP}/phone/:start`, { snapshot_id: "first" }],
  ["POST", "operations/OPERATION/:wait"],
  ["POST", `cvds/${GROUP}/phone/:start`, { snapshot_id: "second" }],
  ["POST", `cvds/${GROUP}/:bugreport`],
  ["POST", "operations/OPERATION/:wait"],
  ["GET", "cvdbugreports/REPORT"],
  ["DELETE", "cvdbugreports/REPORT"],
  ["DELETE", "snapshots/first"],
  ["POST", "operations/OPERATION/:wait"],
  ["DELETE", `cvds/${GROUP}`],
  ["POST", "operations/OPERATION/:wait"],
  ["POST", "operations/00000000-0000-4000-8000-000000000000/:wait"],
  ["GET", "no/such/path"],
];

/** Holds the conversation. What is of chance, or of this machine, is given a name. */
export async function converse(base: string, folder: string): Promise<readonly Exchange[]> {
  const known = new Map<string, string>();
  const exchanges: Exchange[] = [];
  for (const [method, path, body] of STEPS) {
    const actual = [...known].reduce((text, [name, id]) => text.replace(name, id), path);
    const response = await fetch(base + actual, { method, ...(body && { body: JSON.stringify(body) }) });
    const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
    const id = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(text)?.[0];
    if (id !== undefined && !path.includes("0000")) known.set(/"name"/.test(text) ? "OPERATION" : "REPORT", id);
    exchanges.push({
      ...{ method, path, ...(body && { body }), status: response.status },
      contentType: response.headers.get("content-type") ?? "",
      text: nameless(text, known, folder),
    });
  }
  return exchanges;
}

export function readRecording(): Recording {
  return JSON.parse(readFileSync(RECORDING, "utf8")) as Recording;
}

function nameless(text: string, known: ReadonlyMap<string, string>, folder: string): string {
  const named = [...known].reduce((shown, [name, id]) => shown.replaceAll(id, name), text);
  return named.replaceAll(folder, "/FOLDER").replace(/\/tmp\/cvdload\d+/g, "/tmp/cvdloadN");
}
