import { describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** The code in the README that imports this module. */
async function programFromReadme(module: string, language: "ts" | "js"): Promise<string> {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const fences = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
  const blocks = [...readme.matchAll(fences)].map((match) => match[1] ?? "");
  const program = blocks.find((block) => block.includes(`from "${module}"`));
  if (program === undefined) throw new Error(`the README shows nothing that imports ${module}`);
  return program;
}

/** Runs a program in a folder of its own that has jest-avf installed, and the sample APK. */
async function runProgram(source: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const folder = await mkdtemp(join(tmpdir(), "avf-program-"));
  try {
    await symlink(root, join(folder, "jest-avf"));
    await symlink(folder, join(folder, "node_modules"));
    await symlink(join(root, "fixtures/MicrodroidTestApp.apk"), join(folder, "MicrodroidTestApp.apk"));
    await writeFile(join(folder, "program.mjs"), source);
    const child = spawn(process.execPath, ["program.mjs"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (said.stdout += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => (said.stderr += String(chunk)));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, ...said };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("the README", () => {
  test("its suite is, word for word, one of the suites here", async () => {
    const suite = await readFile(join(root, "suites/two-vms.test.ts"), "utf8");
    expect(await programFromReadme("jest-avf", "ts")).toBe(suite);
  });

  test("its Node program runs a VM and ends by itself", async () => {
    const { code, stdout, stderr } = await runProgram(await programFromReadme("jest-avf/node", "js"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Hello Microdroid /m);
  });
});
