/** The parsers of this host for untrusted bytes, and seeds to start from. Each may refuse, with an error of its own. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isApkError } from "../src/apk/apk-error.js";
import { bytesSource } from "../src/apk/byte-source.js";
import { createIdsig } from "../src/apk/idsig/create.js";
import { readIdsigHeader } from "../src/apk/idsig/verify.js";
import { compileManifest } from "../src/apk/manifest/compile-manifest.js";
import { readManifest } from "../src/apk/manifest/manifest.js";
import { payloadConfigs } from "../src/apk/native-libraries.js";
import { parsePayloadConfig } from "../src/apk/payload-config.js";
import { signersOf } from "../src/apk/signing/verify/choose-signers.js";
import { verifyLineage } from "../src/apk/signing/verify/lineage.js";
import { readCertificate, readPrivateKey } from "../src/apk/signing/read-key.js";
import { findSigningBlock } from "../src/apk/signing/signing-block.js";
import { throwAwayKey } from "../src/apk/signing/signing-key.js";
import { openZip } from "../src/apk/zip/zip.js";
import { isHarnessError } from "../src/base/errors.js";
import { countCases, ktapCases } from "../src/ktap/cases.js";
import { parseKtap } from "../src/ktap/parse.js";
import { parseAndroidTest } from "../src/provisioning/android-test.js";
import { parseVmInfo } from "../src/virtualizationservice/tool-output/vm-info.js";
import { parseVmList } from "../src/virtualizationservice/tool-output/vm-list.js";
import { readConfigXml } from "../src/virtualmachine/config/xml/config-xml.js";
import { readXml, XmlError } from "../src/xml/index.js";
import { root } from "./root.js";
import { MANIFEST, PAYLOAD_CONFIG, smallApk, tailOf } from "./seeds.js";

export interface Parser {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  readonly tokens: readonly string[];
  parse(bytes: Buffer): unknown;
}

/** What a parser may throw. Anything else is a fault. */
export function isRefusal(error: unknown): boolean {
  return isApkError(error) || isHarnessError(error) || error instanceof XmlError;
}

const ANDROID_TEST = `<configuration><target_preparer class="x.PushFilePreparer"><option name="cleanup" value="true"/><option name="push" value="a.img->/data/a"/><option name="push-file" key="b" value="/c"/></target_preparer><target_preparer class="x.RunCommandTargetPreparer"><option name="run-command" value="echo 1 &#62; 2"/></target_preparer></configuration>`;
const CONFIG_XML = `<bundle>
<int name="version" value="9" />
<string name="packageName">com.a&#1;</string>
<string name="os">microdroid</string>
<int name="debugLevel" value="0" />
<int name="cpuTopology" value="0" />
<string name="apkPath">/a.apk</string>
<string name="payloadConfigPath">assets/c.json</string>
<long name="memoryBytes" value="1048576" />
<boolean name="protectedVm" value="false" />
<string-array name="extraApks" num="1">
<item value="&quot;x" />
</string-array>
<pbundle_as_map name="customImageConfig"><null name="a" /><double name="b" value="1.0" /></pbundle_as_map>
</bundle>
`;
const VM_LIST = `Running VMs: [
    VirtualMachineDebugInfo {
        cid: 2048,
        temporaryDirectory: "/data/misc/virtualizationservice/2048",
        requesterUid: 2000,
        requesterPid: 42,
        hostConsoleName: Some("/dev/pts/1"),
        name: "a \\"b\\"",
    },
]
`;
const VM_INFO = `Protected VMs: not supported
Both protected and non-protected VMs are supported.
Hypervisor version: 1.0.
/dev/kvm exists.
/dev/vfio/vfio does not exist.
VFIO-platform is not supported.
Assignable devices: []
Available OS list: ["microdroid"]
`;
const MAX_XML_BYTES = 1 << 20;
const XML_TOKENS = [
  "&#",
  "&#x",
  ";",
  "<![CDATA[",
  "]]>",
  "<!--",
  "-->",
  "<?",
  "?>",
  "<!DOCTYPE",
  '"',
  "'",
  "/>",
  "</",
  "\u0000",
  "\ufeff",
];
const JSON_TOKENS = ["{", "}", "[", "]", '"', "\\u0000", "1e999", "null", "true", ","];

const KTAP_TOKENS = [
  ...["KTAP version 1\n", "TAP version 13\n", "1..2\n", "1..999999999\n", "ok 1 a\n", "not ok 2 - b # SKIP c\n"],
  ...["# ", "    ", "\t", "\r\n", "\n", " # XFAIL ", "# Subtest: a\n", "Bail out! x\n", "  ---\n", "  ...\n"],
  ...["[    1.000000] ", "[    1.000000][    T1] ", "<6>", "Kernel panic - not syncing: x\n", "reboot: Power down\n"],
];

export async function parsers(): Promise<readonly Parser[]> {
  const key = throwAwayKey();
  const apk = await smallApk(key);
  const rotated = await smallApk(key, throwAwayKey());
  const golden = (name: string) => readFileSync(join(root, "fixtures/golden", name));
  const pem = key.privateKey.export({ type: "pkcs8", format: "pem" });
  const text = (name: string, seeds: readonly string[], tokens: readonly string[], parse: Parser["parse"]): Parser => ({
    ...{ name, tokens, parse },
    seeds: seeds.map((seed) => Buffer.from(seed)),
  });
  const xml = [MANIFEST, ANDROID_TEST, CONFIG_XML];
  return [
    {
      name: "zip",
      seeds: [apk, golden("deflated.zip"), golden("piped.zip")].filter(isSmall),
      tokens: ["PK\x01\x02", "PK\x05\x06"],
      parse: readZip,
    },
    {
      name: "manifest",
      seeds: [compileManifest(MANIFEST), golden("manifest-by-aapt.bin")],
      tokens: [],
      parse: readManifest,
    },
    { name: "signing-block", seeds: [tailOf(apk), tailOf(rotated)], tokens: ["APK Sig Block 42"], parse: readSigners },
    {
      name: "idsig",
      seeds: [await createIdsig(bytesSource(apk)), await createIdsig(bytesSource(apk), { key })],
      tokens: [],
      parse: (bytes) => readIdsigHeader(bytesSource(bytes)),
    },
    {
      name: "key",
      seeds: [Buffer.from(pem), key.certificate, key.publicKey, golden("keystore.p12")],
      tokens: ["-----BEGIN ", "ENCRYPTED ", "-----"],
      parse: readKeys,
    },
    text("xml", xml, XML_TOKENS, readBothWays),
    text("manifest-text", [MANIFEST], XML_TOKENS, compileManifest),
    text("android-test", [ANDROID_TEST], XML_TOKENS, (bytes) => parseAndroidTest(bytes)),
    text("config-xml", [CONFIG_XML], XML_TOKENS, (bytes) => readConfigXml(bytes)),
    text("payload-config", [PAYLOAD_CONFIG], JSON_TOKENS, (bytes) =>
      parsePayloadConfig(bytes, { dialect: bytes.length % 2 === 0 ? 13 : 15 }),
    ),
    text("vm-list", [VM_LIST], ["{", "}", "Some(", '"', "\\", "cid:"], (bytes) => parseVmList(bytes.toString())),
    { name: "ktap", seeds: ktapLogs(), tokens: KTAP_TOKENS, parse: readKtap },
    text("vm-info", [VM_INFO], ["[", '"', "supported", "\n"], (bytes) => parseVmInfo(bytes.toString())),
  ];
}

function isSmall(seed: Buffer): boolean {
  return seed.length < 64 * 1024;
}

async function readZip(bytes: Buffer): Promise<void> {
  const zip = await openZip(bytesSource(bytes));
  for (const name of zip.entries.keys()) {
    try {
      await zip.read(name, { maxBytes: 1 << 16 });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  await payloadConfigs(zip);
}

function ktapLogs(): readonly Buffer[] {
  const folder = join(root, "fixtures/golden/ktap");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".log"));
  return names.sort().map((name) => readFileSync(join(folder, name)));
}

/** It refuses nothing; its result has to be consistent. */
function readKtap(bytes: Buffer): void {
  const report = parseKtap(bytes.toString());
  const cases = ktapCases(report);
  const counted = Object.values(countCases(cases)).reduce((sum, count) => sum + count, 0);
  if (counted !== cases.length) throw new Error(`${cases.length} cases, of which ${counted} were counted`);
  if (report.documents.length > 0 && cases.length === 0) throw new Error("a document without a case");
}

/** Everything but the signatures themselves: their arithmetic is OpenSSL's. */
async function readSigners(bytes: Buffer): Promise<void> {
  const block = await findSigningBlock(bytesSource(bytes));
  for (const scheme of ["v2", "v3", "v3.1"] as const) {
    try {
      for (const signer of signersOf(block, scheme)) {
        const [certificate] = signer.signedData.certificates;
        if (certificate) verifyLineage(signer, certificate);
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

function readBothWays(bytes: Buffer): void {
  readXml(bytes, { maxBytes: MAX_XML_BYTES, controlReferences: true });
  try {
    readXml(bytes, { maxBytes: MAX_XML_BYTES, namespaces: true });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

function readKeys(bytes: Buffer): void {
  for (const read of [readPrivateKey, readCertificate]) {
    try {
      read(bytes);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}
