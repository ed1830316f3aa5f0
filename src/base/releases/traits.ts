/** What differs between releases of Android, as far as VMs are concerned. A new release is one more file beside this one. */

export interface ReleaseTraits {
  /** `ro.build.version.sdk`. */
  readonly sdk: number;
  /** What `android.system.virtualmachine` does in this release. */
  readonly library: LibraryTraits;
}

export interface LibraryTraits {
  /** `VERSION` of VirtualMachineConfig: what it writes as `version` into config.xml, and the highest that it reads. */
  readonly configXmlVersion: number;
}
