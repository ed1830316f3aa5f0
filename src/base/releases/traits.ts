/** What differs between releases of Android, as far as VMs are concerned. A new release is one more file beside this one. */

export interface ReleaseTraits {
  /** `ro.build.version.sdk`. */
  readonly sdk: number;
  /** What devices say of themselves in this release. */
  readonly build: BuildTraits;
  /** What the service that runs VMs does in this release. */
  readonly service: ServiceTraits;
  /** What `android.system.virtualmachine` does in this release. */
  readonly library: LibraryTraits;
}

export interface LibraryTraits {
  /** `VERSION` of VirtualMachineConfig: what it writes as `version` into config.xml, and the highest that it reads. */
  readonly configXmlVersion: number;
}

export interface BuildTraits {
  /** `ro.build.id`, of a build of that release. */
  readonly id: string;
  /** `ro.build.version.security_patch`. */
  readonly securityPatch: string;
  /** `ro.board.api_level`: since 15 a year and a month. */
  readonly boardApiLevel: number;
}

export interface ServiceTraits {
  /** Context identifiers of guests. */
  readonly cids: { readonly first: number; readonly last: number; readonly wraps: boolean };
  /** Where guests report: all on one port, or each on that of its CID. */
  readonly reports: "shared-port" | "port-per-vm";
  /** As whose release idsig files are made and payload configs read: the rules changed once. */
  readonly formats: 13 | 15;
}
