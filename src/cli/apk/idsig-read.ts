/** `avf idsig verify APK IDSIG` and `avf idsig show IDSIG`. */
import { X509Certificate } from "node:crypto";
import {
  ApkError,
  describeAlgorithm,
  openFileSource,
  readIdsigHeader,
  verifyIdsig,
  type IdsigHeader,
} from "../../apk/index.js";
import { printableLine } from "../../base/printable.js";
import { answer } from "./apk-command.js";
import { parseSdk } from "./apk-options.js";

export async function runIdsigShow(args: readonly string[]): Promise<number> {
  return answer("idsig show", args, { least: 1, most: 1 }, async ({ values, positionals }) => {
    const [path] = positionals as [string];
    await using source = await openFileSource(path);
    const report = describeHeader(await readIdsigHeader(source));
    process.stdout.write(values.json ? json({ ok: true, ...report }) : lines(path, report));
    return 0;
  });
}

export async function runIdsigVerify(args: readonly string[]): Promise<number> {
  return answer("idsig verify", args, { least: 2, most: 2 }, async ({ values, positionals }) => {
    const [apkPath, idsigPath] = positionals as [string, string];
    await using apk = await openFileSource(apkPath);
    await using idsig = await openFileSource(idsigPath);
    try {
      const options = { sdk: parseSdk(values.sdk), unsupported: "report" } as const;
      const { header, signature, unjudged } = await verifyIdsig(apk, idsig, options);
      const rootHash = header.hashingInfo.rootHash.toString("hex");
      const ok = unjudged.length === 0;
      const reasons = [...new Set(unjudged.map(({ shortMessage }) => shortMessage))];
      const verdict = ok ? "is that of" : "has the tree of";
      const text = `${idsigPath} ${verdict} ${apkPath}: root hash ${rootHash}, signature ${signature}\n`;
      process.stdout.write(values.json ? json({ ok, rootHash, signature, unjudged: reasons }) : text);
      for (const reason of reasons)
        process.stderr.write(`avf: cannot judge, NO_SUPPORTED_ALGORITHM: ${printableLine(reason)}\n`);
      return ok ? 0 : 1;
    } catch (error) {
      if (values.json && error instanceof ApkError) {
        const { code, shortMessage: reason, field, offset } = error;
        process.stdout.write(json({ ok: false, refusal: { code, reason, field, offset } }));
      }
      throw error;
    }
  });
}

function describeHeader({
  version,
  hashingInfo,
  signingInfo,
  treeSize,
  treeOffset,
}: IdsigHeader & { treeOffset: number }) {
  const { certificate, signature, signatureAlgorithmId } = signingInfo;
  return {
    version,
    hashAlgorithm: "SHA-256",
    blockBytes: 2 ** hashingInfo.log2BlockSize,
    salt: hashingInfo.salt.toString("hex"),
    rootHash: hashingInfo.rootHash.toString("hex"),
    apkDigest: signingInfo.apkDigest.toString("hex"),
    signatureAlgorithm: describeAlgorithm(signatureAlgorithmId),
    signed: signature.length > 0,
    signer: certificate.length > 0 ? subject(certificate) : undefined,
    treeOffset,
    treeBytes: treeSize,
  };
}

function subject(certificate: Buffer): string {
  try {
    return new X509Certificate(certificate).subject.replaceAll("\n", ", ");
  } catch {
    return "(a certificate that cannot be read)";
  }
}

function lines(path: string, report: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(report).filter(([, value]) => value !== undefined && value !== "");
  const rows = shown.map(([name, value]) => `${name.padEnd(20)}${printableLine(String(value))}\n`);
  return `${printableLine(path)}\n${rows.join("")}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
