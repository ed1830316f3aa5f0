/** `vm run CONFIG.json`: a VM from raw images. This device has no monitor set-up for those yet, and says so. */
import { constants } from "node:fs";
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import type { ParsedArguments } from "./command-line/arguments.js";
import { ToolError, withContext } from "./rust-text.js";

const MAX_CONFIG_BYTES = 1 << 20;

export async function runConfig(_device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const [path = ""] = args.positionals;
  const file = await withContext("Failed to open config file", () => caller.open(path, constants.O_RDONLY));
  try {
    await withContext("Failed to parse config file", async () => {
      const { size } = await file.stat();
      if (size > MAX_CONFIG_BYTES) throw new ToolError(`${size} bytes are too many`);
      JSON.parse(await file.readFile("utf8"));
    });
  } finally {
    await file.close();
  }
  throw new ToolError("Failed to create VM", new ToolError("the emulated device runs app VMs only (vm run-app)"));
}
