/** The manifest attributes we read or write: Android's public resource id of each, and how its value is compiled. */

/** `sdk` is a number or a codename; `any` a string, a number, a truth value or a colour, as what it looks like. */
export type AttributeKind = "string" | "integer" | "boolean" | "sdk" | "any" | "reference" | AttributeSymbols;

/** Names of an enumeration, of which one is taken, or of flags. */
export interface AttributeSymbols {
  readonly names: Readonly<Record<string, number>>;
  readonly areFlags: boolean;
}

interface AttributeDefinition {
  readonly id: number;
  readonly kind: AttributeKind;
}

const define = <Kind extends AttributeKind>(id: number, kind: Kind) => ({ id, kind });

const LAUNCH_MODE: AttributeSymbols = {
  names: { standard: 0, singleTop: 1, singleTask: 2, singleInstance: 3, singleInstancePerTask: 4 },
  areFlags: false,
};
const PROTECTION_LEVEL: AttributeSymbols = {
  names: { normal: 0, dangerous: 1, signature: 2, privileged: 0x10, development: 0x20 },
  areFlags: true,
};
const INSTALL_LOCATION: AttributeSymbols = {
  names: { auto: 0, internalOnly: 1, preferExternal: 2 },
  areFlags: false,
};

export const ATTRIBUTES = {
  theme: define(0x01010000, "reference"),
  label: define(0x01010001, "string"),
  icon: define(0x01010002, "reference"),
  name: define(0x01010003, "string"),
  allowClearUserData: define(0x01010005, "boolean"),
  permission: define(0x01010006, "string"),
  readPermission: define(0x01010007, "string"),
  writePermission: define(0x01010008, "string"),
  protectionLevel: define(0x01010009, PROTECTION_LEVEL),
  permissionGroup: define(0x0101000a, "string"),
  sharedUserId: define(0x0101000b, "string"),
  hasCode: define(0x0101000c, "boolean"),
  persistent: define(0x0101000d, "boolean"),
  enabled: define(0x0101000e, "boolean"),
  debuggable: define(0x0101000f, "boolean"),
  exported: define(0x01010010, "boolean"),
  process: define(0x01010011, "string"),
  taskAffinity: define(0x01010012, "string"),
  multiprocess: define(0x01010013, "boolean"),
  excludeFromRecents: define(0x01010017, "boolean"),
  authorities: define(0x01010018, "string"),
  syncable: define(0x01010019, "boolean"),
  grantUriPermissions: define(0x0101001b, "boolean"),
  priority: define(0x0101001c, "integer"),
  launchMode: define(0x0101001d, LAUNCH_MODE),
  description: define(0x01010020, "string"),
  targetPackage: define(0x01010021, "string"),
  handleProfiling: define(0x01010022, "boolean"),
  functionalTest: define(0x01010023, "boolean"),
  value: define(0x01010024, "any"),
  resource: define(0x01010025, "reference"),
  mimeType: define(0x01010026, "string"),
  scheme: define(0x01010027, "string"),
  host: define(0x01010028, "string"),
  port: define(0x01010029, "string"),
  path: define(0x0101002a, "string"),
  pathPrefix: define(0x0101002b, "string"),
  pathPattern: define(0x0101002c, "string"),
  order: define(0x010101ea, "integer"),
  targetActivity: define(0x01010202, "string"),
  minSdkVersion: define(0x0101020c, "sdk"),
  versionCode: define(0x0101021b, "integer"),
  versionName: define(0x0101021c, "string"),
  noHistory: define(0x0101022d, "boolean"),
  targetSdkVersion: define(0x01010270, "sdk"),
  maxSdkVersion: define(0x01010271, "integer"),
  testOnly: define(0x01010272, "boolean"),
  backupAgent: define(0x0101027f, "string"),
  allowBackup: define(0x01010280, "boolean"),
  glEsVersion: define(0x01010281, "integer"),
  required: define(0x0101028e, "boolean"),
  installLocation: define(0x010102b7, INSTALL_LOCATION),
  vmSafeMode: define(0x010102b8, "boolean"),
  hardwareAccelerated: define(0x010102d3, "boolean"),
  largeHeap: define(0x0101035a, "boolean"),
  stopWithTask: define(0x0101036a, "boolean"),
  parentActivityName: define(0x010103a7, "string"),
  isolatedProcess: define(0x010103a9, "boolean"),
  supportsRtl: define(0x010103af, "boolean"),
  singleUser: define(0x010103bf, "boolean"),
  extractNativeLibs: define(0x010104ea, "boolean"),
  usesCleartextTraffic: define(0x010104ec, "boolean"),
  resizeableActivity: define(0x010104f6, "boolean"),
  defaultToDeviceProtectedStorage: define(0x01010504, "boolean"),
  directBootAware: define(0x01010505, "boolean"),
  version: define(0x01010519, "integer"),
  compileSdkVersion: define(0x01010572, "integer"),
  compileSdkVersionCodename: define(0x01010573, "string"),
  versionCodeMajor: define(0x01010576, "integer"),
  usesNonSdkApi: define(0x0101058e, "boolean"),
  useEmbeddedDex: define(0x0101059e, "boolean"),
  requestLegacyExternalStorage: define(0x01010603, "boolean"),
} as const satisfies Record<string, AttributeDefinition>;

export type AttributeName = keyof typeof ATTRIBUTES;

export const ANDROID_NAMESPACE = "http://schemas.android.com/apk/res/android";

export function findAttribute(name: string): AttributeDefinition | undefined {
  return Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name as AttributeName] : undefined;
}
