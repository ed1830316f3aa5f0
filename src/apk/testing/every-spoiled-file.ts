/** A good APK with its idsig, spoiled in every way: for our tests, and for apksigner to judge (`fixtures/golden/`). */
import type { ApkRefusal } from "../apk-error.js";
import {
  dropSigningBlock,
  flipEntryByte,
  flipSignerByte,
  shortenCentralDirectory,
  signWithFault,
  signWithOtherKey,
  spoilBlockMagic,
  spoilBlockSizes,
  truncateCentralDirectory,
} from "../spoil/spoil-apk.js";
import { flipTreeByte, spoilVersion, staleDigest, swapRoot, truncateTree } from "../spoil/spoil-idsig.js";
import type { DeviceAnswer, Spoiled } from "../spoil/spoiled.js";
import type { SigningKey } from "../signing/signing-key.js";

export interface SpoiledPair {
  readonly name: string;
  readonly apk: Buffer;
  readonly idsig: Buffer;
  readonly spoiled: "apk" | "idsig";
  readonly refusal: ApkRefusal | undefined;
  readonly device: DeviceAnswer;
}

/** The same bytes each time, when the keys are RSA. */
export async function everySpoiledFile(
  apk: Buffer,
  idsig: Buffer,
  key: SigningKey,
  otherKey: SigningKey,
): Promise<readonly SpoiledPair[]> {
  const faults = (
    [
      "no certificate",
      "certificate of another key",
      "algorithms differ",
      "no supported algorithm",
      "wrong digest",
      "SDK ranges differ",
    ] as const
  ).map((fault) => signWithFault(apk, key, fault, otherKey));
  const parts = (["signature", "signed digest", "certificate", "public key"] as const).flatMap((part) =>
    (["v2", "v3"] as const).map((scheme) => flipSignerByte(apk, scheme, part)),
  );
  const apks = await Promise.all([
    flipEntryByte(apk, "assets/vm_config.json", 3),
    flipEntryByte(apk, "lib/x86_64/MicrodroidTestPayload.so", 512),
    dropSigningBlock(apk),
    spoilBlockMagic(apk),
    spoilBlockSizes(apk),
    truncateCentralDirectory(apk),
    shortenCentralDirectory(apk),
    signWithOtherKey(apk, otherKey),
    ...parts,
    ...faults,
  ]);
  const idsigs = [
    flipTreeByte(idsig),
    truncateTree(idsig),
    truncateTree(idsig, 100),
    swapRoot(idsig),
    staleDigest(idsig),
    spoilVersion(idsig),
  ];
  return [
    ...apks.map((one) => ({
      name: one.what,
      apk: one.bytes,
      idsig,
      spoiled: "apk" as const,
      refusal: one.refusal,
      device: one.device,
    })),
    ...idsigs.map((one: Spoiled) => ({
      name: `idsig: ${one.what}`,
      apk,
      idsig: one.bytes,
      spoiled: "idsig" as const,
      refusal: one.refusal,
      device: one.device,
    })),
  ];
}
