/** A path as `java.io.File` holds it. */

/** `File.getAbsolutePath()` of a process whose working directory is `/`, as that of every app is. */
export function absoluteJavaPath(path: string): string {
  const plain = javaPath(path);
  return plain.startsWith("/") ? plain : `/${plain}`;
}

/** Without double and trailing slashes. */
function javaPath(path: string): string {
  const single = path.replace(/\/{2,}/g, "/");
  return single.length > 1 ? single.replace(/\/$/, "") : single;
}
