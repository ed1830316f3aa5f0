/** What an APK's AndroidManifest says about the package. */
import { ApkError } from "../apk-error.js";
import { ATTRIBUTES, type AttributeName } from "./attribute-ids.js";
import { parseBinaryXml, ValueType, type BinaryXmlAttribute, type BinaryXmlElement } from "./binary-xml.js";

export interface Manifest {
  readonly packageName: string;
  /** Major code in the upper 32 bits, as `PackageInfo.getLongVersionCode` has it. */
  readonly versionCode: number;
  readonly versionName: string | undefined;
  /** {@link CUR_DEVELOPMENT_SDK} where the manifest has a codename, as in Android's ApplicationInfo. */
  readonly minSdk: number;
  readonly targetSdk: number;
  /** What an APK built with a platform under development has in place of a number, e.g. `VanillaIceCream`. */
  readonly minSdkCodename: string | undefined;
  readonly targetSdkCodename: string | undefined;
  readonly maxSdk: number | undefined;
  /** Permissions the package asks for, in the manifest's order, each once. */
  readonly permissions: readonly string[];
  readonly features: readonly string[];
  readonly label: string | undefined;
  readonly debuggable: boolean;
  readonly testOnly: boolean;
  readonly hasCode: boolean;
  readonly activities: readonly string[];
  /** Instrumentation runners: `name` of each. */
  readonly instrumentation: readonly string[];
}

/** Android's Build.VERSION_CODES.CUR_DEVELOPMENT. */
export const CUR_DEVELOPMENT_SDK = 10_000;

/** With a dot in it, as Android demands of all but its own (FrameworkParsingPackageUtils.validateName). */
const PACKAGE_NAME = /^(?:android|[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+)$/;
const MAX_PACKAGE_NAME = 223;

/** The later ones are for Android 6 and newer, as all are that run VMs (ParsingPackageUtils.parseBaseApkTag). */
const USES_PERMISSION = ["uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m"];

export function readManifest(bytes: Uint8Array): Manifest {
  const root = parseBinaryXml(bytes);
  if (root.name !== "manifest") throw bad(`the root element is <${root.name}>, not <manifest>`);
  const packageName = checkPackageName(root.attributes.find((a) => a.resourceId === 0 && a.name === "package")?.text);
  const sdk = child(root, "uses-sdk");
  const application = child(root, "application");
  return {
    packageName,
    versionCode: readVersionCode(root),
    versionName: text(root, "versionName"),
    ...readSdkVersions(sdk),
    maxSdk: integer(sdk, "maxSdkVersion"),
    permissions: [...new Set(names(root, ...USES_PERMISSION))],
    features: names(root, "uses-feature"),
    label: text(application, "label"),
    debuggable: flag(application, "debuggable", false),
    testOnly: flag(application, "testOnly", false),
    hasCode: flag(application, "hasCode", true),
    activities: application ? names(application, "activity") : [],
    instrumentation: names(root, "instrumentation"),
  };
}

type SdkVersions = Pick<Manifest, "minSdk" | "targetSdk" | "minSdkCodename" | "targetSdkCodename">;

/** As Android reads them (ParsingPackageUtils.parseUsesSdk): a string is a codename, whatever it looks like. */
function readSdkVersions(sdk: BinaryXmlElement | undefined): SdkVersions {
  const target = readSdkVersion(sdk, "targetSdkVersion");
  const ownMin = readSdkVersion(sdk, "minSdkVersion");
  const min = ownMin ?? (typeof target === "string" ? target : 1);
  return { ...sdkVersion("minSdk", min), ...sdkVersion("targetSdk", target ?? min) };
}

function sdkVersion<Name extends "minSdk" | "targetSdk">(name: Name, version: number | string) {
  const codename = typeof version === "string" ? version : undefined;
  const number = typeof version === "string" ? CUR_DEVELOPMENT_SDK : version;
  return { [name]: number, [`${name}Codename`]: codename } as Record<Name, number> &
    Record<`${Name}Codename`, string | undefined>;
}

function readSdkVersion(
  sdk: BinaryXmlElement | undefined,
  name: "minSdkVersion" | "targetSdkVersion",
): number | string | undefined {
  const attribute = find(sdk, name);
  return attribute?.type === ValueType.STRING ? attribute.text : integer(sdk, name);
}

/** Package names become folder names on devices, so the same rules hold here as at Android's installer. */
function checkPackageName(name: string | undefined): string {
  if (name === undefined) throw bad("<manifest> has no package name");
  if (!PACKAGE_NAME.test(name) || name.length > MAX_PACKAGE_NAME) {
    const why = name.includes(".") ? "" : ": there is no dot in it";
    throw bad(`${JSON.stringify(name.slice(0, 300))} is no package name${why}`);
  }
  return name;
}

function readVersionCode(root: BinaryXmlElement): number {
  const major = integer(root, "versionCodeMajor") ?? 0;
  return (major >>> 0) * 2 ** 32 + ((integer(root, "versionCode") ?? 0) >>> 0);
}

function child(element: BinaryXmlElement, name: string): BinaryXmlElement | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

function names(element: BinaryXmlElement, ...childNames: readonly string[]): readonly string[] {
  return element.children
    .filter((candidate) => childNames.includes(candidate.name))
    .map((candidate) => text(candidate, "name"))
    .filter((name) => name !== undefined);
}

function find(element: BinaryXmlElement | undefined, name: AttributeName): BinaryXmlAttribute | undefined {
  return element?.attributes.find((candidate) => candidate.resourceId === ATTRIBUTES[name].id);
}

function text(element: BinaryXmlElement | undefined, name: AttributeName): string | undefined {
  const attribute = find(element, name);
  if (!attribute) return undefined;
  if (attribute.type === ValueType.REFERENCE) return `@0x${attribute.data.toString(16).padStart(8, "0")}`;
  return attribute.text ?? String(attribute.data | 0);
}

function integer(element: BinaryXmlElement | undefined, name: AttributeName): number | undefined {
  const attribute = find(element, name);
  if (!attribute) return undefined;
  if (attribute.type === ValueType.INT_DECIMAL || attribute.type === ValueType.INT_HEX) return attribute.data | 0;
  if (attribute.text !== undefined && /^\d{1,9}$/.test(attribute.text)) return Number(attribute.text);
  const is =
    attribute.type === ValueType.REFERENCE ? "a reference to a resource" : JSON.stringify(attribute.text ?? "?");
  throw bad(`attribute ${name} is ${is}, not a number`);
}

function flag(element: BinaryXmlElement | undefined, name: AttributeName, otherwise: boolean): boolean {
  const attribute = find(element, name);
  if (!attribute) return otherwise;
  return attribute.type === ValueType.STRING ? attribute.text === "true" : attribute.data !== 0;
}

function bad(reason: string): ApkError {
  return new ApkError("BAD_MANIFEST", reason, { field: "AndroidManifest.xml" });
}
