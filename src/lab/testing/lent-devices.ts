/** A lab whose devices are folders of this host, with real shells and a `vm` tool; it lends one after the other. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import { HostDevice } from "../../device/testing/host-device.js";
import { ScriptedTool } from "../../virtualizationservice/testing/scripted-tool.js";
import { VM_TOOL } from "../../virtualizationservice/index.js";
import type { DeviceSource, LeasedDevice } from "../sources/device-source.js";

/** A device that was lent, and what became of its lease. */
export interface Lent {
  readonly device: HostDevice;
  /** How often it was given back. */
  readonly releases: number;
  /** Why `lose` says that it is lost. */
  readonly loss: InfrastructureError;
  /** Somebody else has it now. */
  lose(): void;
}

export class LentDevices implements DeviceSource {
  readonly keepBetweenFiles = false;
  readonly lent: Lent[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "avf-lent-"));
  readonly #tool = new ScriptedTool();

  /** @param onLend called with each before it is used */
  constructor(private readonly onLend: (lent: Lent) => void = () => undefined) {}

  async acquire(): Promise<LeasedDevice> {
    const number = this.lent.length + 1;
    const root = join(this.#folder, `place-${number}`);
    mkdirSync(join(root, "data/local/tmp"), { recursive: true });
    writeFileSync(join(root, "data/local/tmp/name"), `place-${number}`);
    const [vm, getprop] = ["vm", "getprop"].map((name) => join(this.#tool.folder, name));
    const device = new HostDevice({ root, programs: { [VM_TOOL]: vm ?? "", getprop: getprop ?? "" } });
    const lost = new AbortController();
    const loss = new InfrastructureError("LEASE_LOST", `place-${number} is no longer ours: anna has it now.`);
    const lent = { device, releases: 0, loss, lose: () => lost.abort(loss) };
    this.lent.push(lent);
    this.onLend(lent);
    const release = async (): Promise<void> => void lent.releases++;
    return { serial: device.serial, description: `place-${number}`, device, lost: lost.signal, release };
  }

  /** Of the device that was lent as the first, second, … */
  at(number: number): Lent {
    const lent = this.lent[number - 1];
    if (lent === undefined) throw new Error(`Only ${this.lent.length} devices were lent.`);
    return lent;
  }

  async remove(): Promise<void> {
    await this.#tool.remove();
    rmSync(this.#folder, { recursive: true });
  }
}
