export async function runApkShow(_args: readonly string[]): Promise<number> {
  return 2;
}
