/// <reference types="node" preserve="true" />
/** The workshop of files for VMs: APKs, idsig files, initramfs. Bytes in, bytes out. */
export { ApkError, isApkError, type ApkErrorPlace, type ApkRefusal } from "./apk-error.js";
export {
  bytesSource,
  fileHandleSource,
  openFileSource,
  type ByteSink,
  type ByteSource,
  type FileSource,
} from "./byte-source.js";
export { openZip, type EntryRange, type ReadEntryOptions, type Zip, type ZipLimits } from "./zip/zip.js";
export type { ZipEntry } from "./zip/central-directory.js";
export { CUR_DEVELOPMENT_SDK, readManifest, type Manifest } from "./manifest/manifest.js";
export { nativeLibraries, payloadConfigs, type NamedPayloadConfig } from "./native-libraries.js";
export {
  parsePayloadConfig,
  type PayloadConfig,
  type PayloadConfigOptions,
  type PayloadTask,
} from "./payload-config.js";
export { BlockId, findSigningBlock, type SigningBlock } from "./signing/signing-block.js";
export {
  apkDigest,
  verifyApk,
  verifyScheme,
  verifyV2,
  verifyV3,
  type ApkDigest,
  type VerifiedApk,
} from "./signing/verify/verify.js";
export type { VerifiedSigner } from "./signing/verify/verify-signer.js";
export type { Scheme, Signer } from "./signing/signer.js";
export { describeAlgorithm } from "./signing/algorithms.js";
export { createIdsig, writeIdsig, type CreateIdsigOptions } from "./idsig/create.js";
export { parseIdsig, parseIdsigHeader, serializeIdsig, type Idsig, type IdsigHeader } from "./idsig/idsig.js";
export { readIdsigHeader, verifyIdsig, type VerifiedIdsig, type VerifyIdsigOptions } from "./idsig/verify.js";
export { compileManifest } from "./manifest/compile-manifest.js";
export {
  loadSigningKey,
  throwAwayKey,
  type KeyType,
  type SigningKey,
  type SigningKeyOptions,
} from "./signing/signing-key.js";
export { signApk, type SignApkOptions } from "./signing/sign-apk.js";
export { buildApk, type BuildApkOptions } from "./build-apk.js";
export { inspectApk, type ApkReport, type SchemeReport, type SignerReport } from "./inspect-apk.js";
export type { DeviceAnswer, InstallFailure, Spoiled, VmEnd } from "./spoil/spoiled.js";
export {
  dropSigningBlock,
  flipEntryByte,
  flipSignerByte,
  shortenCentralDirectory,
  signWithFault,
  signWithOtherKey,
  spoilBlockMagic,
  spoilBlockSizes,
  truncateCentralDirectory,
  type SignerFault,
  type SignerPart,
} from "./spoil/spoil-apk.js";
export { flipTreeByte, spoilVersion, staleDigest, swapRoot, truncateTree } from "./spoil/spoil-idsig.js";
export { buildInitramfs, type InitramfsFile, type InitramfsOptions } from "../images/index.js";
