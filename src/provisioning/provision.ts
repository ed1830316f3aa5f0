/** Puts on a device what a suite needs, and takes away again what was not there before. */
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { atOnce } from "../base/async/at-once.js";
import { printDiagnostic } from "../base/diagnostics.js";
import { describeError, UsageError } from "../base/errors.js";
import { openOwnerNote, type Device } from "../device/index.js";
import type { DeviceCallOptions } from "../device/contract.js";
import type { ProvisioningStep } from "./android-test.js";
import { findFiles } from "./glob.js";
import type { PushPair } from "./preparer-options.js";
import { push } from "./push.js";
import { readHostApk } from "./host-apk.js";
import { imageStore, type ImageStore } from "./boot-images/image-store.js";
import { DATA_ROOT, installApp, removeIfMade, type ProvisionedApp } from "./install-app.js";
import { becomeRoot } from "./undo/root.js";
import { COMMAND_TIMEOUT_MS, Undo } from "./undo/undo.js";
import type { VmNotes } from "./undo/vm-notes.js";

export interface ProvisionRequest {
  /** Host folder that relative paths start from, e.g. Jest's rootDir. */
  readonly root: string;
  /** APKs by path or pattern (`fixtures/*.apk`); an `X.apk.idsig` beside `X.apk` goes with it. */
  readonly apks?: readonly string[];
  /** Path of an `AndroidTest.xml`; its preparers run before `apks` are installed, with paths taken from its own folder. */
  readonly androidTest?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** True: what is put there is written down, for the next run to remove should this process be killed. */
  readonly noted?: boolean;
  /** For VMs that are made later. They are on their way when the call returns; who makes a VM of one hears of a failure. */
  readonly images?: readonly (string | Uint8Array)[] | undefined;
  /** `ro.serialno` of the device, where it is known already. */
  readonly serialNumber?: string | undefined;
  /** Gets what failed without failing the request. Default: stderr. */
  readonly log?: ((message: string) => void) | undefined;
}

export interface Provisioned {
  /** In the order of the request. */
  readonly apps: readonly ProvisionedApp[];
  /** For VMs of suites without an APK: the shell's, which all commands of adb run as. */
  readonly shell: Pick<ProvisionedApp, "packageName" | "apkPath" | "dataFolder">;
  /** Puts more on the device: images for VMs of their own kernel. */
  readonly images: ImageStore;
  /** For VMs that are made with it: they are removed should this process be killed, and nothing else there is. */
  readonly notes: VmNotes;
  /** Removes what this call put there, last first; what was there before stays. Repeatable. */
  cleanUp(): Promise<void>;
  /** The same for adbd's user only (RootTargetPreparer): what was put there stays for the next. */
  restoreRoot(): Promise<void>;
}

/** The package of the user that adb's commands run as; it has no payload of its own. */
const SHELL = { packageName: "com.android.shell", apkPath: "", dataFolder: `${DATA_ROOT}/com.android.shell` } as const;

/** Does everything, or takes away again what it did and throws. */
export async function provision(device: Device, request: ProvisionRequest): Promise<Provisioned> {
  const undo = new Undo(device, request.noted === true ? openOwnerNote(device.serial) : undefined);
  const provisioner = new Provisioner(device, request, undo);
  let coming: Promise<unknown> = Promise.resolve();
  try {
    const steps = await readSteps(request);
    const begun = undo.begin(request.serialNumber);
    begun.catch(() => undefined);
    if (!steps.every(isNothing)) await begun;
    for (const { step, root } of steps) await provisioner.run(step, root);
    const { apps } = provisioner;
    const images = imageStore(device, undo, begun);
    coming = putAll(images, request);
    if (apps.length === 0) {
      const folders = [`${SHELL.dataFolder}/vm`, SHELL.dataFolder, DATA_ROOT];
      await atOnce(
        () => begun,
        () => removeIfMade(device, folders, undo, { signal: request.signal }, begun),
      );
    }
    return {
      ...{ apps, shell: SHELL, images, notes: undo.vms },
      cleanUp: () => coming.then(() => undo.run()),
      restoreRoot: () => coming.then(() => undo.run(({ kind }) => kind === "root")),
    };
  } catch (error) {
    await coming;
    await undo.run().catch((failure: unknown) => {
      const { log = printDiagnostic } = request;
      log(`failed to remove what was put on ${device.serial}: ${describeError(failure)}`);
    });
    throw error;
  }
}

/** Never rejects. */
function putAll(store: ImageStore, { images = [], signal }: ProvisionRequest): Promise<unknown> {
  return Promise.allSettled(images.map(async (source) => (await store.put(source, { signal })).done));
}

function isNothing({ step }: { readonly step: ProvisioningStep }): boolean {
  return step.kind === "install" && step.files.length === 0;
}

export async function readSteps(
  request: Pick<ProvisionRequest, "root" | "apks" | "androidTest">,
): Promise<readonly { step: ProvisioningStep; root: string }[]> {
  const steps: { step: ProvisioningStep; root: string }[] = [];
  if (request.androidTest !== undefined) {
    const path = resolve(request.root, request.androidTest);
    const xml = await readFile(path).catch((error: unknown) => {
      throw new UsageError("NO_SUCH_FILE", `Cannot read ${path}, which testEnvironmentOptions.androidTest names.`, {
        cause: error,
      });
    });
    const { parseAndroidTest } = await import("./android-test.js");
    steps.push(...parseAndroidTest(xml, path).map((step) => ({ step, root: resolve(path, "..") })));
  }
  steps.push({ step: { kind: "install", files: request.apks ?? [] }, root: request.root });
  return steps;
}

class Provisioner {
  readonly apps: ProvisionedApp[] = [];
  readonly #call: DeviceCallOptions;

  constructor(
    private readonly device: Device,
    private readonly request: ProvisionRequest,
    private readonly undo: Undo,
  ) {
    this.#call = { signal: request.signal };
  }

  async run(step: ProvisioningStep, root: string): Promise<void> {
    switch (step.kind) {
      case "install":
        for (const pattern of step.files) for (const path of await findFiles(root, pattern)) await this.#install(path);
        return;
      case "push":
        for (const pair of step.pairs) await this.#push(pair, root, step.cleanup, step.abortOnFailure);
        return;
      case "command":
        if (step.teardown.length > 0) this.undo.add({ kind: "commands", commands: step.teardown });
        for (const command of step.run) await this.#shell(command, step.throwOnFailure);
        return;
      case "root":
        await this.#root(step.root, step.throwOnFailure);
    }
  }

  async #root(root: boolean, throwOnFailure: boolean): Promise<void> {
    try {
      await becomeRoot(this.device, root, this.undo, this.#call);
    } catch (error) {
      if (throwOnFailure) throw error;
      this.#log(`RootTargetPreparer failed, which throw-on-error="false" allows: ${describeError(error)}`);
    }
  }

  #log(message: string): void {
    const { log = printDiagnostic } = this.request;
    log(message);
  }

  async #install(path: string): Promise<void> {
    const apk = await readHostApk(path);
    const rival = this.apps.find(
      (app) => app.packageName === apk.packageName || basename(app.idsigPath) === `${apk.fileName}.idsig`,
    );
    if (rival) {
      throw new UsageError(
        "APK_TWICE",
        `${path} and another APK of this suite share a file name or the package ${apk.packageName}.`,
      );
    }
    const app = await installApp(this.device, apk, this.undo, this.#call);
    this.apps.push(app);
  }

  async #push(pair: PushPair, root: string, cleanup: boolean, abortOnFailure: boolean): Promise<void> {
    try {
      await push(this.device, { pair, root, undo: cleanup ? this.undo : undefined, call: this.#call });
    } catch (error) {
      if (abortOnFailure) throw error;
      this.#log(`failed to push ${pair.source}, which abort-on-push-failure="false" allows: ${describeError(error)}`);
    }
  }

  /** A line for the device's shell, as Tradefed passes it: its own quoting, not ours. */
  async #shell(command: string, throwOnFailure: boolean): Promise<void> {
    const argv = ["sh", "-c", command];
    const call = { ...this.#call, timeoutMs: COMMAND_TIMEOUT_MS };
    if (throwOnFailure) await this.device.exec(argv, call);
    else await this.device.execUnchecked(argv, call);
  }
}
