/** A process of its own that has a place. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { waitFor } from "./test-lab.js";

interface ElsewhereHeld {
  readonly child: ChildProcess;
  /** As the coordinator knows it. */
  readonly holder: string;
  /** What it has said so far. */
  output(): string;
}

/** Settles when it has it. */
export async function holdPlace(address: URL): Promise<ElsewhereHeld> {
  const child = spawn(process.execPath, [join(__dirname, "place-holder.cjs"), address.href], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  await waitFor("holder", () => / holds /.test(output));
  return { child, holder: /(\S+) holds /.exec(output)?.[1] ?? "", output: () => output };
}
