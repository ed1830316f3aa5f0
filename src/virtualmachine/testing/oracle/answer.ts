/** Has the port answer a case, in the form in which `oracle/java` has Android's classes answer it. */
import { toolWithout } from "../memory-service.js";
import { traitsOf, type AndroidRelease } from "../../../base/android-release.js";
import { VirtualMachineConfig } from "../../config/config.js";
import { VirtualMachineCustomImageConfig } from "../../custom-image/custom-image-config.js";
import { readConfigXml, writeConfigXml } from "../../config/xml/config-xml.js";
import { readBundle } from "../../config/xml/persistable-bundle-reader.js";
import { answerManager } from "./answer-manager.js";
import { outcomeOf } from "./outcome.js";
import type { ServiceCapabilities } from "../../../virtualizationservice/contract.js";
import type { Answer, GivenCapabilities, GivenConfig, OracleCase, Outcome } from "./cases.js";

export async function answerCase(given: OracleCase, release: AndroidRelease): Promise<Answer> {
  switch (given.kind) {
    case "builder": {
      const { calls, build } = buildConfig(given.config, capabilitiesOf(release, given.capabilities));
      return { calls, build: outcomeOf(() => describe(build(), release)) };
    }
    case "compatible":
      return compare(given.a, given.b, release);
    case "xml": {
      const bytes = Buffer.from(given.bytes, "base64");
      const capabilities = capabilitiesOf(release, given.capabilities);
      return { read: outcomeOf(() => describe(readConfigXml(bytes, capabilities).config, release)) };
    }
    case "manager":
      return answerManager(given, capabilitiesOf(release), configOf);
  }
}

function compare(a: GivenConfig, b: GivenConfig, release: AndroidRelease): Answer {
  const configs = [a, b].map((given) => outcomeOf(() => configOf(given, capabilitiesOf(release))));
  const [one, other] = configs.map((outcome) => ("ok" in outcome ? (outcome.ok as VirtualMachineConfig) : undefined));
  if (!one || !other) return { built: false };
  const asked = (from: VirtualMachineConfig, to: VirtualMachineConfig): Outcome =>
    outcomeOf(() => from.isCompatibleWith(to));
  return { built: true, there: asked(one, other), back: asked(other, one) };
}

export function capabilitiesOf(release: AndroidRelease, given?: GivenCapabilities): ServiceCapabilities {
  return {
    protectedVm: given?.protectedVm ?? true,
    nonProtectedVm: given?.nonProtectedVm ?? true,
    androidRelease: release,
    sdk: traitsOf(release).sdk,
    supportedOsList: ["microdroid"],
    cpuCount: 2,
    encryptedStorage: true,
    cpuTopology: true,
    features: new Set(),
    hypervisorVersion: undefined,
    debugPolicy: undefined,
    tool: toolWithout(),
  };
}

/** @throws what the builder throws */
export function configOf(given: GivenConfig, capabilities: ServiceCapabilities): VirtualMachineConfig {
  return buildConfig(given, capabilities).build();
}

interface Built {
  readonly calls: readonly Outcome[];
  readonly build: () => VirtualMachineConfig;
}

function buildConfig({ packageName, calls }: GivenConfig, capabilities: ServiceCapabilities): Built {
  const builder = new VirtualMachineConfig.Builder({ packageName, capabilities });
  const setters = builder as unknown as Readonly<Record<string, ((argument: unknown) => unknown) | undefined>>;
  const outcomes = calls.map(([setter, argument]): Outcome => {
    const method = setters[setter];
    if (method === undefined) return { absent: true };
    return outcomeOf(() => {
      method.call(builder, setter === "setCustomImageConfig" ? imageOf(argument) : argument);
      return null;
    });
  });
  return { calls: outcomes, build: () => builder.build() };
}

function imageOf(argument: unknown): VirtualMachineCustomImageConfig | undefined {
  return typeof argument === "string"
    ? VirtualMachineCustomImageConfig.of(readBundle(Buffer.from(argument)))
    : undefined;
}

/** What the getters say that Android's class has too, and the bytes of config.xml. */
function describe(config: VirtualMachineConfig, release: AndroidRelease): unknown {
  const getters = {
    getApkPath: config.getApkPath() ?? null,
    getExtraApks: [...config.getExtraApks()],
    getPayloadConfigPath: config.getPayloadConfigPath() ?? null,
    getPayloadBinaryName: config.getPayloadBinaryName() ?? null,
    getDebugLevel: config.getDebugLevel(),
    isProtectedVm: config.isProtectedVm(),
    getMemoryBytes: config.getMemoryBytes(),
    getCpuTopology: config.getCpuTopology(),
    isEncryptedStorageEnabled: config.isEncryptedStorageEnabled(),
    getEncryptedStorageBytes: config.getEncryptedStorageBytes(),
    isVmOutputCaptured: config.isVmOutputCaptured(),
    isVmConsoleInputSupported: config.isVmConsoleInputSupported(),
    isConnectVmConsole: config.isConnectVmConsole(),
    getOs: config.getOs(),
    isNetworkSupported: config.isNetworkSupported(),
    shouldUseHugepages: config.shouldUseHugepages(),
    getEncryptedStoreMode: config.getEncryptedStoreMode(),
  };
  return { getters, xml: writeConfigXml(config, { release }) };
}
