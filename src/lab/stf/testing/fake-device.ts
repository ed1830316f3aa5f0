/** A device of the fake STF: who uses it, and how that ends. */

export interface FakeDeviceOptions {
  /** Where adb reaches it. Default: an address where nothing answers. */
  readonly address?: string;
  readonly model?: string;
  readonly sdk?: string;
  readonly group?: string;
}

interface Account {
  readonly email: string;
  readonly name: string;
  readonly privilege: "user" | "admin";
}

type Owner = Pick<Account, "email" | "name"> & { readonly group: string };

/** Why a use ended, in STF's own words. */
export type Ending = "ungroup_request" | "automatic_timeout" | "device_absent";

export class FakeDevice {
  readonly endings: Ending[] = [];
  /** Times that its use was put off to end. */
  renewals = 0;
  /** Looks that do not see yet that it is used: STF's database is written by another process. */
  unnotedLooks = 0;
  /** Which use it is: with a database that is slow it comes last. */
  isUsageNoted = true;
  connected = false;
  present = true;
  ready = true;
  owner: Owner | null = null;
  /** Set by uses that begin through the API only. */
  usage: string | null = null;
  usageChangedAt = new Date();
  timeoutMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly serial: string,
    readonly options: FakeDeviceOptions,
  ) {}

  /** False: somebody has it. @param usage null: as at STF's own page */
  join(by: Pick<Account, "email" | "name">, timeoutMs: number, usage: string | null = "automation"): boolean {
    if (!this.present || !this.ready || this.owner !== null) return false;
    this.owner = { email: by.email, name: by.name, group: "g" };
    this.timeoutMs = timeoutMs;
    if (usage !== null) this.#setUsage(usage);
    this.#wind();
    return true;
  }

  leave(why: Ending): void {
    clearTimeout(this.#timer);
    if (this.owner === null) return;
    this.endings.push(why);
    this.owner = null;
    this.connected = false;
    this.#setUsage(null);
  }

  unplug(): void {
    this.leave("device_absent");
    this.present = false;
  }

  keepAlive(): void {
    this.renewals += 1;
    this.#wind();
  }

  connect(): string {
    this.connected = true;
    return this.options.address ?? "127.0.0.1:1";
  }

  disconnect(): void {
    this.connected = false;
  }

  isUsedBy({ email, privilege }: Account): boolean {
    return this.owner !== null && (this.owner.email === email || privilege === "admin");
  }

  /** As STF shows it to one of its accounts; dates are those of JSON. */
  shown(account: Account, fields?: readonly string[]): Readonly<Record<string, unknown>> {
    const { model = "Pixel 8", sdk = "35", group = "Common" } = this.options;
    const { serial, present, ready, usageChangedAt } = this;
    const isNoted = this.unnotedLooks-- <= 0;
    const [owner, usage] = isNoted ? [this.owner, this.isUsageNoted ? this.usage : null] : [null, null];
    const whole = {
      ...{ serial, present, ready, owner, usage, usageChangedAt: usageChangedAt.toISOString() },
      ...{ using: this.isUsedBy(account), model, sdk, version: "15", abi: "x86_64", platform: "Android" },
      ...{ manufacturer: "GOOGLE", product: "shiba", group: { id: `id-${group}`, name: group } },
      remoteConnectUrl: this.isUsedBy(account) && this.connected ? this.connect() : null,
    };
    return fields ? Object.fromEntries(Object.entries(whole).filter(([name]) => fields.includes(name))) : whole;
  }

  #setUsage(usage: string | null): void {
    this.usage = usage;
    // Of two uses it is never the same.
    this.usageChangedAt = new Date(Math.max(Date.now(), this.usageChangedAt.getTime() + 1));
  }

  #wind(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.leave("automatic_timeout"), this.timeoutMs);
    this.#timer.unref();
  }
}
