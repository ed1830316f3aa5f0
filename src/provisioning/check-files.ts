/** Checks of a request that need no device: whether its files exist, are APKs, and have allowed names. */
import { basename } from "node:path";
import { UsageError } from "../base/errors.js";
import { findFiles } from "./glob.js";
import { checkFileName, readPackageName } from "./host-apk.js";
import { findSource } from "./push.js";
import { readSteps, type ProvisionRequest } from "./provision.js";

/** @throws UsageError as `provision` would, before time is spent on a device */
export async function checkFiles(request: Pick<ProvisionRequest, "root" | "apks" | "androidTest">): Promise<void> {
  const paths: string[] = [];
  for (const { step, root } of await readSteps(request)) {
    if (step.kind === "install") for (const pattern of step.files) paths.push(...(await findFiles(root, pattern)));
    if (step.kind === "push" && step.abortOnFailure) for (const pair of step.pairs) await findSource(root, pair);
  }
  const seen = new Map<string, string>();
  for (const path of paths) {
    checkFileName(path);
    for (const name of [`package ${await readPackageName(path)}`, `file name ${basename(path)}`]) {
      const rival = seen.get(name);
      if (rival !== undefined) throw new UsageError("APK_TWICE", `${rival} and ${path} have the same ${name}.`);
      seen.set(name, path);
    }
  }
}
