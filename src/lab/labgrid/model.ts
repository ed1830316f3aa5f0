/** What a labgrid coordinator knows, as its messages have it: fields that are empty are left out of these. */

/** A device with what belongs to it, which one user at a time may acquire. */
export interface Place {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** `host/user` of who has it; empty or absent: nobody. */
  readonly acquired?: string;
  /** Each `exporter/group/class/name`. */
  readonly acquiredResources: readonly string[];
  /** Seconds since 1970 on the coordinator's clock. */
  readonly changed?: number;
  /** Token of the reservation that it was allocated to. */
  readonly reservation?: string;
}

export interface Resource {
  /** `exporter/group/class/name` */
  readonly path: string;
  readonly cls: string;
  readonly params: ReadonlyMap<string, string | number | boolean>;
  readonly extra: ReadonlyMap<string, string | number | boolean>;
  readonly avail: boolean;
}

export const STATES = { waiting: 0, allocated: 1, acquired: 2, expired: 3, invalid: 4 } as const;

export interface Reservation {
  readonly owner: string;
  readonly token: string;
  /** One of `STATES`. */
  readonly state?: number;
  readonly filters: Readonly<Record<string, { readonly filter: Readonly<Record<string, string>> }>>;
  readonly allocations: Readonly<Record<string, string>>;
  /** As `Place.changed`. */
  readonly created?: number;
}

/** The coordinator names the one group of places that a reservation asks for so. */
export const GROUP = "main";
