/** `avf apk show APK [--json]`: package, version, digests and signers by scheme, native libraries, payload configs. */
import { inspectApk, openFileSource, type ApkReport, type SchemeReport, type SignerReport } from "../apk/index.js";
import { printableLine } from "../base/printable.js";
import { answer, parseCommand } from "./apk-command.js";
import { usageOf } from "./help.js";

const USAGE = `${usageOf("apk show")}
`;

export async function runApkShow(args: readonly string[]): Promise<number> {
  return answer(USAGE, async () => {
    const { values, positionals } = parseCommand(args, { json: { type: "boolean" } }, { required: ["APK"] });
    const [path] = positionals as [string];
    await using source = await openFileSource(path);
    const report = await inspectApk(source);
    const reasons = refusals(report);
    const ok = reasons.length === 0;
    process.stdout.write(values.json ? `${JSON.stringify({ ok, ...report }, undefined, 2)}\n` : describe(path, report));
    for (const reason of reasons) process.stderr.write(`avf: refused, ${printableLine(reason)}\n`);
    return ok ? 0 : 1;
  });
}

function refusals({ signatures, refusal }: ApkReport): readonly string[] {
  if (refusal) return [`${refusal.code}: ${refusal.reason}`];
  if (signatures.length === 0) return ["NO_SIGNATURE_FOR_SCHEME: the APK is signed with none of v2, v3 and v3.1"];
  return signatures.flatMap(({ scheme, refusal: why }) => (why ? [`${why.code}, ${scheme}: ${why.reason}`] : []));
}

function describe(path: string, report: ApkReport): string {
  const { manifest } = report;
  const maxSdk = manifest.maxSdk === undefined ? "" : `, at most ${manifest.maxSdk}`;
  const lines = [
    `${path}: ${report.sizeBytes} bytes, ${report.entryCount} entries`,
    `package        ${manifest.packageName}`,
    `version        ${manifest.versionName ?? "(no name)"} (code ${manifest.versionCode})`,
    `SDK            ${manifest.minSdk} and later${maxSdk}, made for ${manifest.targetSdk}`,
    ...list("permissions", manifest.permissions),
    ...report.signatures.flatMap(describeScheme),
    ...Object.entries(report.nativeLibraries).flatMap(([abi, files]) => list(`lib/${abi}`, files)),
    ...report.payloadConfigs.map(({ path: name, config: { task } }) => {
      const args = task && task.args.length > 0 ? ` ${task.args.join(" ")}` : "";
      return `config         ${name}: ${task ? `${task.type} ${task.command}${args}` : "no task"}`;
    }),
  ];
  return lines.map((line) => `${printableLine(line)}\n`).join("");
}

function list(title: string, items: readonly string[]): readonly string[] {
  return items.map((item, index) => `${(index === 0 ? title : "").padEnd(15)}${item}`);
}

function describeScheme({ scheme, verified, signers }: SchemeReport): readonly string[] {
  if (!verified) return [`${scheme.padEnd(15)}does not hold`];
  return signers.flatMap((signer, index) => describeSigner(index === 0 ? scheme : "", signer));
}

function describeSigner(title: string, signer: SignerReport): readonly string[] {
  const range = signer.sdk ? `, SDK ${signer.sdk.minSdk} to ${describeMax(signer.sdk.maxSdk)}` : "";
  return [
    `${title.padEnd(15)}holds: ${signer.algorithm}${range}`,
    `               digest       ${signer.digest}`,
    `               certificate  ${signer.certificateSha256}`,
    `                            ${signer.subject}, ${signer.validFrom} to ${signer.validTo}`,
    ...signer.lineageSha256.map((sha256) => `               rotated from ${sha256}`),
  ];
}

function describeMax(maxSdk: number): string {
  return maxSdk === 0x7fffffff ? "any" : String(maxSdk);
}
