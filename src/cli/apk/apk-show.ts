/** `avf apk show APK [--json]`: package, version, digests and signers by scheme, native libraries, payload configs. */
import {
  inspectApk,
  openFileSource,
  type ApkReport,
  type Manifest,
  type SchemeReport,
  type SignerReport,
} from "../../apk/index.js";
import { printableLine } from "../../base/printable.js";
import { answer } from "./apk-command.js";

export async function runApkShow(args: readonly string[]): Promise<number> {
  return answer("apk show", args, { least: 1, most: 1 }, async ({ values, positionals }) => {
    const [path] = positionals as [string];
    await using source = await openFileSource(path);
    const report = await inspectApk(source);
    const faults = reasons(report);
    const ok = faults.length === 0;
    process.stdout.write(values.json ? `${JSON.stringify({ ok, ...report }, undefined, 2)}\n` : describe(path, report));
    for (const fault of faults) process.stderr.write(`avf: ${printableLine(fault)}\n`);
    return ok ? 0 : 1;
  });
}

/** What does not hold, and what cannot be judged. */
function reasons({ manifestRefusal, payloadConfigRefusals, signatures, refusal }: ApkReport): readonly string[] {
  const files = [...(manifestRefusal ? [manifestRefusal] : []), ...payloadConfigRefusals].map(
    ({ code, reason }) => `refused, ${code}: ${reason}`,
  );
  if (refusal) return [...files, `refused, ${refusal.code}: ${refusal.reason}`];
  if (signatures.length === 0) {
    return [...files, "refused, NO_SIGNATURE_FOR_SCHEME: the APK is signed with none of v2, v3 and v3.1"];
  }
  const schemes = signatures.flatMap(({ scheme, unjudged, refusal: why }) =>
    why ? [`${unjudged ? "cannot judge" : "refused"}, ${why.code}, ${scheme}: ${why.reason}`] : [],
  );
  return [...files, ...schemes];
}

function describe(path: string, report: ApkReport): string {
  const lines = [
    `${path}: ${report.sizeBytes} bytes, ${report.entryCount} entries`,
    ...(report.manifest ? describeManifest(report.manifest) : ["manifest       cannot be read"]),
    ...report.signatures.flatMap(describeScheme),
    ...Object.entries(report.nativeLibraries).flatMap(([abi, files]) => list(`lib/${abi}`, files)),
    ...report.payloadConfigs.map(({ path: name, config: { task } }) => {
      const args = task && task.args.length > 0 ? ` ${task.args.join(" ")}` : "";
      return `config         ${name}: ${task ? `${task.type} ${task.command}${args}` : "no task"}`;
    }),
  ];
  return lines.map((line) => `${printableLine(line)}\n`).join("");
}

function describeManifest(manifest: Manifest): readonly string[] {
  const maxSdk = manifest.maxSdk === undefined ? "" : `, at most ${manifest.maxSdk}`;
  const { minSdkCodename = String(manifest.minSdk), targetSdkCodename = String(manifest.targetSdk) } = manifest;
  return [
    `package        ${manifest.packageName}`,
    `version        ${manifest.versionName ?? "(no name)"} (code ${manifest.versionCode})`,
    `SDK            ${minSdkCodename} and later${maxSdk}, made for ${targetSdkCodename}`,
    ...list("permissions", manifest.permissions),
  ];
}

function list(title: string, items: readonly string[]): readonly string[] {
  return items.map((item, index) => `${(index === 0 ? title : "").padEnd(15)}${item}`);
}

function describeScheme({ scheme, verified, unjudged, signers }: SchemeReport): readonly string[] {
  if (!verified && !unjudged) return [`${scheme.padEnd(15)}does not hold`];
  const verdict = verified ? "holds" : "not judged";
  return signers.flatMap((signer, index) => describeSigner(index === 0 ? scheme : "", verdict, signer));
}

function describeSigner(title: string, verdict: string, signer: SignerReport): readonly string[] {
  const range = signer.sdk ? `, SDK ${signer.sdk.minSdk} to ${describeMax(signer.sdk.maxSdk)}` : "";
  return [
    `${title.padEnd(15)}${verdict}: ${signer.algorithm}${range}`,
    `               digest       ${signer.digest}`,
    `               certificate  ${signer.certificateSha256}`,
    `                            ${signer.subject}, ${signer.validFrom} to ${signer.validTo}`,
    ...signer.lineageSha256.map((sha256) => `               rotated from ${sha256}`),
  ];
}

function describeMax(maxSdk: number): string {
  return maxSdk === 0x7fffffff ? "any" : String(maxSdk);
}
