/** Which device this is: its release and its properties, and the changes the emulator may make to both. */
import { deviceProperties, type DeviceFacts } from "./device-properties.js";
import type { PropertyStore } from "./property-store.js";
import { isLegalPropertyName } from "./property-rules.js";
import { isAndroidRelease, type AndroidRelease } from "../../base/android-release.js";
import { isTextMap, type VolatileState } from "../volatile-state.js";

/** What the emulator made of this device; a service that is started again must not make another one of it. */
interface IdentityState {
  readonly release: AndroidRelease;
  readonly overrides: Readonly<Record<string, string>>;
}

export function isIdentityState(value: unknown): value is IdentityState {
  if (typeof value !== "object" || value === null) return false;
  const { release, overrides } = value as Partial<Record<keyof IdentityState, unknown>>;
  return isAndroidRelease(release) && isTextMap(overrides);
}

export class DeviceIdentity {
  /** What the emulator set: it stays when the release changes. */
  readonly #overrides = new Map<string, string>();
  #facts: DeviceFacts;

  constructor(
    private readonly properties: PropertyStore,
    facts: DeviceFacts,
    private readonly state?: VolatileState<IdentityState>,
  ) {
    const saved = state?.read();
    for (const [name, value] of Object.entries(saved?.overrides ?? {})) this.#overrides.set(name, value);
    this.#facts = { ...facts, release: saved?.release ?? facts.release };
    this.#load();
  }

  get release(): AndroidRelease {
    return this.#facts.release;
  }

  setRelease(release: AndroidRelease): void {
    this.#facts = { ...this.#facts, release };
    this.#load();
    this.#keep();
  }

  /** Any property, `ro.` ones too. Throws for a name that no property can have; then none is set. */
  async override(set: ReadonlyMap<string, string>): Promise<void> {
    for (const name of set.keys()) {
      if (!isLegalPropertyName(name)) throw new Error(`illegal property name ${JSON.stringify(name)}`);
    }
    const isNew = [...set].some(([name, value]) => this.#overrides.get(name) !== value);
    for (const [name, value] of set) {
      this.#overrides.set(name, value);
      await this.properties.set(name, value);
    }
    if (isNew) this.#keep();
  }

  #keep(): void {
    this.state?.write({ release: this.release, overrides: Object.fromEntries(this.#overrides) });
  }

  #load(): void {
    this.properties.load(deviceProperties(this.#facts));
    this.properties.load(this.#overrides);
  }
}
