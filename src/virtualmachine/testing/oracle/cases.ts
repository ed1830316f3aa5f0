/** What Android's classes and ours are both asked, as plain data. `oracle/` makes such cases; golden files keep some. */

/** A setter of the builder with its argument; a custom image is given as the XML of its bundle. */
export type BuilderCall = readonly [setter: string, argument: string | number | boolean | null];

export interface GivenConfig {
  readonly packageName: string;
  readonly calls: readonly BuilderCall[];
}

export interface GivenCapabilities {
  readonly protectedVm: boolean;
  readonly nonProtectedVm: boolean;
}

/**
 * A call of the manager, of a VM or of somebody who meddles with the files: what, on which, and what more it needs. Calls
 * that give a VM end with the name under which later steps find it.
 */
export type Step = readonly [what: string, subject: string, ...more: (string | number | null)[]];

export type OracleCase =
  | { readonly kind: "builder"; readonly config: GivenConfig; readonly capabilities?: GivenCapabilities }
  | { readonly kind: "compatible"; readonly a: GivenConfig; readonly b: GivenConfig }
  | { readonly kind: "xml"; readonly bytes: string; readonly capabilities?: GivenCapabilities }
  | {
      readonly kind: "manager";
      readonly instanceIds: boolean;
      /** Files in the app's APK. */
      readonly assets: Readonly<Record<string, string>>;
      readonly configs: Readonly<Record<string, GivenConfig>>;
      readonly steps: readonly Step[];
    };

export const CASE_KINDS = ["builder", "compatible", "xml", "manager"] as const;

/** What a call came to. `message` is null where it would be Java's own text. */
export type Outcome =
  | { readonly ok: unknown }
  | { readonly error: string; readonly message: string | null; readonly cause?: Outcome }
  | { readonly absent: true };

/** JSON: an answer is compared as data. */
export type Answer = Readonly<Record<string, unknown>>;
