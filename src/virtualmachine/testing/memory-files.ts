/** A device's file system in memory, for unit tests of the lifecycle library. */
import type { RemoteFiles } from "../../virtualizationservice/contract.js";

type Operation = keyof RemoteFiles;

export class MemoryFiles implements RemoteFiles {
  /** Content of a file; undefined for a folder. */
  readonly entries = new Map<string, Buffer | undefined>();
  /** What was asked, as `operation path`. */
  readonly calls: string[] = [];
  /** Of claimed folders, until the claim is kept. */
  readonly #marks = new Map<string, string>();
  readonly #failures: { readonly operation: Operation; readonly path: RegExp; readonly error: Error }[] = [];

  /** The next matching call fails. */
  failOnce(operation: Operation, path: RegExp, error: Error): void {
    this.#failures.push({ operation, path, error });
  }

  async claimFolder(path: string, mark: string): Promise<boolean> {
    this.#called("claimFolder", path);
    this.#makeFolders(parentOf(path));
    if (this.entries.has(path)) return false;
    this.entries.set(path, undefined);
    this.#marks.set(path, mark);
    return true;
  }

  async keepClaim(path: string, mark: string): Promise<boolean> {
    this.#called("keepClaim", path);
    return this.entries.has(path) && this.#marks.get(path) === mark && this.#marks.delete(path);
  }

  async undoClaim(path: string, mark: string): Promise<void> {
    this.#called("undoClaim", path);
    if (this.#marks.get(path) === mark) await this.remove(path);
  }

  async removeClaimed(folder: string, mark: string, name: string): Promise<boolean> {
    this.#called("removeClaimed", folder);
    const path = `${folder}/${name}`;
    if (this.#marks.get(folder) !== mark || !this.entries.has(path)) return false;
    await this.remove(path);
    return true;
  }

  async ensureFolder(path: string): Promise<void> {
    this.#called("ensureFolder", path);
    this.#makeFolders(path);
  }

  async exists(path: string): Promise<boolean> {
    this.#called("exists", path);
    return this.entries.has(path);
  }

  async read(path: string): Promise<Buffer | undefined> {
    this.#called("read", path);
    return this.entries.get(path);
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    this.#called("write", path);
    if (!this.#isFolder(parentOf(path))) throw new Error(`${path}: No such file or directory`);
    this.entries.set(path, Buffer.from(content));
  }

  async copy(from: string, to: string): Promise<void> {
    this.#called("copy", to);
    const content = this.entries.get(from);
    if (!content) throw new Error(`cp ${from}: No such file or directory`);
    if (!this.#isFolder(parentOf(to))) throw new Error(`cp ${to}: No such file or directory`);
    this.entries.set(to, Buffer.from(content));
  }

  async remove(path: string): Promise<void> {
    this.#called("remove", path);
    for (const entry of [...this.entries.keys()]) {
      if (entry !== path && !entry.startsWith(`${path}/`)) continue;
      this.entries.delete(entry);
      this.#marks.delete(entry);
    }
  }

  async list(path: string): Promise<readonly string[]> {
    this.#called("list", path);
    if (!this.#isFolder(path)) throw new Error(`ls ${path}: No such file or directory`);
    return [...this.entries.keys()]
      .filter((entry) => entry.startsWith(`${path}/`))
      .map((entry) => entry.slice(path.length + 1))
      .filter((name) => !name.includes("/"));
  }

  #isFolder(path: string): boolean {
    return path === "" || (this.entries.has(path) && this.entries.get(path) === undefined);
  }

  #makeFolders(path: string): void {
    for (let folder = path; folder !== ""; folder = parentOf(folder)) {
      if (this.entries.get(folder)) throw new Error(`mkdir ${folder}: File exists`);
      this.entries.set(folder, undefined);
    }
  }

  #called(operation: Operation, path: string): void {
    this.calls.push(`${operation} ${path}`);
    const at = this.#failures.findIndex((failure) => failure.operation === operation && failure.path.test(path));
    if (at >= 0) throw this.#failures.splice(at, 1)[0]!.error;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
