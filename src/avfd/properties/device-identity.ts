/** Which device this is: its release and its properties, and the changes the emulator may make to both. */
import { deviceProperties, type DeviceFacts } from "./device-properties.js";
import type { PropertyStore } from "./property-store.js";
import { isLegalPropertyName } from "./property-rules.js";
import type { AndroidRelease } from "../releases.js";

export class DeviceIdentity {
  /** What the emulator set: it stays when the release changes. */
  readonly #overrides = new Map<string, string>();
  #facts: DeviceFacts;

  constructor(
    private readonly properties: PropertyStore,
    facts: DeviceFacts,
  ) {
    this.#facts = facts;
    this.#load();
  }

  get release(): AndroidRelease {
    return this.#facts.release;
  }

  setRelease(release: AndroidRelease): void {
    this.#facts = { ...this.#facts, release };
    this.#load();
  }

  /** Any property, `ro.` ones too. Throws for a name that no property can have; then none is set. */
  async override(set: ReadonlyMap<string, string>): Promise<void> {
    for (const name of set.keys()) {
      if (!isLegalPropertyName(name)) throw new Error(`illegal property name ${JSON.stringify(name)}`);
    }
    for (const [name, value] of set) {
      this.#overrides.set(name, value);
      await this.properties.set(name, value);
    }
  }

  #load(): void {
    this.properties.load(deviceProperties(this.#facts));
    this.properties.load(this.#overrides);
  }
}
