import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "../..");
const PAYLOAD_TICKS = /^tick 2 of boot/m;

/** The code blocks of a page, in their order. */
async function blocksOf(page: string, language: string): Promise<readonly string[]> {
  const text = await readFile(join(root, page), "utf8");
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, code = ""]) =>
    name === language ? [code] : [],
  );
}

function blockWith(blocks: readonly string[], words: string): string {
  const found = blocks.find((block) => block.includes(words));
  if (found === undefined) throw new Error(`no block has: ${words}`);
  return found;
}

interface Said {
  readonly exitCode: number | null;
  readonly output: string;
}

/** A project that has the package and nothing else of a clone. */
describe("the commands of the documents, typed in a project that has the package", () => {
  let folder: string;
  const running = new Set<ChildProcess>();
  const away = /^(npm_|CI$|FORCE_COLOR$|JEST_WORKER_ID$|AVF_RUN_FOLDER$|AVF_HOLD$|AVF_RELEASE$|ANDROID_SERIAL$)/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !away.test(name)));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "avf-documents-"));
    await mkdir(join(folder, "node_modules/.bin"), { recursive: true });
    await symlink(root, join(folder, "node_modules/jest-avf"));
    await symlink("../jest-avf/src/cli/avf.cjs", join(folder, "node_modules/.bin/avf"));
    await writeFile(join(folder, "package.json"), "{}");
  });
  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  function start(command: string): { readonly child: ChildProcess; readonly ended: Promise<Said> } {
    const child = spawn("sh", ["-c", command], { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
    running.add(child);
    // A command may end before it reads its input (EPIPE): what it printed and its exit code say how it went.
    child.stdin.on("error", () => undefined);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += String(chunk)));
    const ended = new Promise<Said>((resolve) => {
      child.once("close", (exitCode) => {
        running.delete(child);
        resolve({ exitCode, output });
      });
    });
    return { child, ended };
  }

  async function type(command: string, input = ""): Promise<Said> {
    const { child, ended } = start(command);
    child.stdin?.end(input);
    return ended;
  }

  async function succeed(command: string, input?: string): Promise<string> {
    const { exitCode, output } = await type(command, input);
    if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}:\n${output}`);
    return output;
  }

  test.each([
    ["README.md", "vsock:2048:5555"],
    ["docs/releases.md", "vsock:10:5555"],
  ])("%s: adb commands at a device, and a shell inside its VM", async (page, address) => {
    const blocks = await blocksOf(page, "sh");
    const lines = blockWith(blocks, "$ vm run-app").trimEnd().split("\n");
    const onHost = lines.filter((line) => /^\w/.test(line));
    const typed = lines.slice(lines.findIndex((line) => line.startsWith("$ "))).map((line) => line.replace(/^\$ /, ""));
    let serial = "";
    let shell: ReturnType<typeof start> | undefined;
    try {
      for (const line of onHost) {
        const command = line.replace("127.0.0.1:PORT", serial);
        if (/ shell( |$)/.test(command)) {
          shell = start(command);
          shell.child.stdin?.write(`${typed.join("\n")}\n`);
        } else {
          const output = await succeed(command);
          serial = /127\.0\.0\.1:\d+/.exec(output)?.[0] ?? serial;
        }
      }
      expect(shell).toBeDefined();
      const readConsole = (): Promise<Said> => type(`adb -s ${serial} shell cat /data/local/tmp/console.txt`);
      // At the latest it ends with the VM, which is an error as well.
      const over = shell?.ended.then(({ output }) => Promise.reject(new Error(`the shell ended:\n${output}`)));
      over?.catch(() => undefined);
      while (!PAYLOAD_TICKS.test((await Promise.race([readConsole(), over]))?.output ?? "")) continue;
      const into = blockWith(blocks, address).replaceAll("127.0.0.1:PORT", serial).trimEnd();
      expect(await succeed(into, "cat /proc/1/comm\n")).toMatch(/^init$/m);
    } finally {
      await type("adb disconnect localhost:8000");
      shell?.child.kill("SIGKILL");
      // By its name, because other suites start devices meanwhile.
      const line = (await succeed("npx avf device list")).split("\n").find((one) => one.includes(` ${serial} `));
      await succeed(`npx avf device stop ${line?.split(" ")[0] ?? ""}`);
    }
  });

  test("README: avf run ends as the payload does", async () => {
    const lines = blockWith(await blocksOf("README.md", "sh"), "npx avf run")
      .trimEnd()
      .split("\n");
    const command = lines.pop() ?? "";
    await succeed(lines.join("\n"));
    const { exitCode, output } = await type(command);
    expect({ exitCode, output }).toMatchObject({ exitCode: 42 });
    expect(command).toContain("exit code of the payload: 42");
  });

  test("docs/payloads.md: a payload from its source to a VM", async () => {
    const page = "docs/payloads.md";
    const [source = ""] = await blocksOf(page, "c");
    const [manifest = ""] = await blocksOf(page, "xml");
    await writeFile(join(folder, "hello.c"), source);
    await mkdir(dirname(join(folder, "app/x")), { recursive: true });
    await writeFile(join(folder, "app/AndroidManifest.xml"), manifest);
    const lines = blockWith(await blocksOf(page, "sh"), "gcc")
      .trimEnd()
      .split("\n");
    const run = lines.pop() ?? "";
    for (const line of lines) await succeed(line);
    const { exitCode, output } = await type(run);
    expect({ exitCode, output }).toMatchObject({ exitCode: 7 });
    expect(output).toMatch(/^Hello from \/mnt\/apk, with a secret that begins with [0-9a-f]{2}$/m);
  });
});
