/** Copies of what machines write to: files of gigabytes, of which a part is there. */
import { run } from "../../process/run.js";

/** What is zeros in it takes no room in the copy. Where the file system can, copies share what they have in common. */
export async function copySparse(
  from: string,
  to: string,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await run(["cp", "--sparse=always", "--reflink=auto", from, to], options);
}
