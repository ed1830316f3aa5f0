/** What a test leaves on host and device: ended and removed after it, and reported. */
import { UsageError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import type { KnownThings } from "../../lab/leaks/index.js";
import { removeVms, type LedgerEntry, type VmLedger } from "../evidence/vm-ledger.js";
import type { FileDevice } from "../file-device.js";
import { endNewChildren, hostChildren, type HostChild } from "./host-children.js";
import { isEnding } from "../../lab/process-end.js";
import { withNote, type JestError } from "../failures/test-errors.js";

const TIMEOUT_MS = 30_000;

interface CleanUpOptions {
  readonly device: FileDevice;
  readonly ledger: VmLedger;
  readonly leaks: "fail" | "warn" | "off";
}

export class CleanUp {
  #children: readonly HostChild[] | undefined;
  /** The test could go past us to the device. */
  #inHand = false;
  /** What it leaves on the device goes by itself. */
  #putBack = false;

  constructor(private readonly options: CleanUpOptions) {}

  /** Jest has come to a test, which it may skip. */
  begin(): void {
    this.#children = undefined;
    this.#inHand = false;
  }

  /** It is going to run: notes what is there before. */
  async prepare({ inHand, putBack }: { readonly inHand: boolean; readonly putBack: boolean }): Promise<void> {
    const { device, leaks } = this.options;
    this.#inHand = inHand;
    this.#putBack = putBack;
    if (leaks === "off") return;
    this.#children = hostChildren();
    if (!putBack && device.opened?.device.gone.aborted === false)
      await device.opened.leakCheck.begin().catch(() => undefined);
  }

  /** Ends and removes what the test had. Returns what it should have ended itself, and what escaped the harness. */
  async afterTest(errors: JestError[]): Promise<readonly string[]> {
    const { device, ledger, leaks } = this.options;
    const harness = device.opened;
    const forgotten = (await harness?.endTest()) ?? [];
    const vms = ledger.closeTest();
    if (this.#putBack) await Promise.allSettled(vms.map(({ vm }) => vm.control.leave()));
    else errors.push(...(await this.removeVms(vms)));
    if (leaks === "off" || this.#children === undefined || isEnding()) return [];
    const onHost = await endNewChildren(this.#children);
    if (harness === undefined || harness.device.gone.aborted) return onHost;
    if (this.#putBack) return [...forgotten, ...onHost];
    const known = (): KnownThings => knownThings(ledger.entries());
    const onDevice = await harness.leakCheck.end(known, this.#inHand).catch(() => []);
    return [...forgotten, ...onHost, ...onDevice];
  }

  /** Fails the test, or only says so. */
  tell(test: string, leaks: readonly string[], errors: JestError[], declaredAt: unknown): void {
    const list = leaks.map((leak) => `  ${leak}`).join("\n");
    const behind = leaks.some((leak) => leak.includes("(still there")) ? "left behind" : "left behind, removed since";
    if (errors.length > 0) errors[0] = withNote(errors[0], `It ${behind}:\n${list}`);
    else if (this.options.leaks === "warn") process.stderr.write(printable(`avf: "${test}" ${behind}:\n${list}\n`));
    else {
      const hint = 'end what a test starts; testEnvironmentOptions: { leaks: "warn" } only reports';
      const error = new UsageError("TEST_LEAKED", `Test "${test}" ${behind}:\n${list}`, { hint });
      errors.push([error, declaredAt]);
    }
  }

  /** Returns what could not be removed. */
  async removeVms(entries: readonly LedgerEntry[]): Promise<readonly unknown[]> {
    const { device } = this.options;
    // With the device, its VMs are gone as well; that it is gone has failed the test already.
    if (device.opened?.device.gone.aborted !== false || (isEnding() && device.endsWithUs)) return [];
    return removeVms(entries, TIMEOUT_MS);
  }
}

/** VMs of the file's hooks, which tests may start and leave. */
function knownThings(ofFile: readonly LedgerEntry[]): KnownThings {
  return {
    cids: new Set(ofFile.flatMap(({ vm }) => (vm.cid === undefined ? [] : [vm.cid]))),
    folders: ofFile.map(({ vm, dataFolder }) => `${dataFolder}/vm/${vm.getName()}`),
  };
}
