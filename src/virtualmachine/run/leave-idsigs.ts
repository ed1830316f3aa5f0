/** Android makes empty idsig files first of all in a run, so that they stay where a run fails before they are filled. */
import type { RunRequest } from "../config/app-config.js";

/** Never rejects: a folder that is gone has no files. */
export async function leaveIdsigs({ identity, config }: Omit<RunRequest, "scratchPath">): Promise<void> {
  const { context, folder, extraApks } = identity;
  const { files } = context.service;
  const wanted = [
    ...(config.fields.idsigPath === undefined ? [folder.idsig] : []),
    ...extraApks.map((_, index) => folder.extraIdsig(index)),
  ];
  const names = await files.list(folder.root).catch(() => undefined);
  if (!names) return;
  const lacking = wanted.filter((path) => !names.includes(path.slice(folder.root.length + 1)));
  await Promise.allSettled(lacking.map((path) => files.write(path, "")));
}
