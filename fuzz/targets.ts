/** The C parsers of the guest: target `fuzz/guest/NAME.c`, and what it is compiled with. */
export interface GuestTarget {
  readonly name: string;
  /** Of src/guest, without `.c`. */
  readonly sources: readonly string[];
  /** Compiled with another name for what the target replaces, so that it stays out of the way. */
  readonly replaces?: readonly string[];
  /** Sources that free nothing. */
  readonly tracked?: readonly string[];
  readonly maxBytes: number;
}

const ZIP = ["apk/zip/zip", "apk/bytes", "apk/zip/inflate"];

export const GUEST_TARGETS: readonly GuestTarget[] = [
  { name: "zip", sources: ZIP, maxBytes: 4096 },
  { name: "inflate", sources: ["apk/zip/inflate", "apk/bytes"], maxBytes: 1024 },
  { name: "json", sources: ["init/config/config", "apk/bytes"], tracked: ["init/config/json"], maxBytes: 1024 },
  { name: "metadata", sources: ["init/config/metadata", "apk/bytes"], maxBytes: 2048 },
  { name: "manifest", sources: ["apk/manifest", ...ZIP], maxBytes: 2048 },
  { name: "idsig", sources: ["apk/idsig", "apk/bytes"], maxBytes: 8192 },
  { name: "log-record", sources: ["logging/log-record", "apk/bytes"], maxBytes: 4200 },
  { name: "cbor", sources: ["instance/cbor", "apk/bytes"], maxBytes: 512 },
  {
    name: "signing-block",
    sources: [
      ...["signing-block", "signer", "content-digest", "content-tree", "public-key"].map(
        (name) => `apk/signing/${name}`,
      ),
      ...["crypto/sha2", "crypto/rsa", "crypto/ecdsa", ...ZIP],
    ],
    replaces: ["public_key_verify"],
    maxBytes: 12_288,
  },
  { name: "public-key", sources: ["apk/signing/public-key", "apk/bytes", "crypto/sha2"], maxBytes: 4096 },
  {
    name: "signature",
    sources: ["rsa", "ecdsa", "sha2"].map((name) => `crypto/${name}`).concat("apk/bytes"),
    maxBytes: 300,
  },
];
