/** Pushes and commands of an AndroidTest.xml, carried out on a device. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { HostDevice } from "../device/testing/host-device.js";
import { checkFiles } from "./check-files.js";
import { provision } from "./index.js";

let host: string;
let root: string;
let device: HostDevice;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "avf-preparers-"));
  host = join(folder, "host");
  root = join(folder, "device");
  mkdirSync(host);
  mkdirSync(join(root, "data/local/tmp"), { recursive: true });
  device = new HostDevice({ root });
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(join(host, ".."), { recursive: true });
});

const onDevice = (path: string): Buffer => readFileSync(join(root, path));

describe("a push of an AndroidTest.xml", () => {
  const pushes = (options: string, cleanup = true): void => {
    mkdirSync(join(host, "files/sub"), { recursive: true });
    for (const [name, content] of [
      ["a.img", "image"],
      ["files/1", "one"],
      ["files/sub/2", "two"],
    ] as const) {
      writeFileSync(join(host, name), content);
    }
    writeFileSync(
      join(host, "AndroidTest.xml"),
      `<configuration><target_preparer class="x.PushFilePreparer"><option name="cleanup" value="${cleanup}" />${options}</target_preparer></configuration>`,
    );
  };
  const push = (pair: string): string => `<option name="push" value="${pair}" />`;
  const run = () => provision(device, { root: host, androidTest: "AndroidTest.xml" });
  const CTS = "/data/local/tmp/cts";
  beforeEach(() => {
    mkdirSync(join(root, CTS), { recursive: true });
    writeFileSync(join(root, CTS, "theirs"), "theirs");
  });

  test.each([
    ["into a folder that is there: under its name", push(`a.img->${CTS}`), [`${CTS}/a.img`]],
    ["into one that ends in a slash", push(`a.img->${CTS}/new/`), [`${CTS}/new/a.img`]],
    ["under another name", push(`a.img->${CTS}/x/y/b.img`), [`${CTS}/x/y/b.img`]],
    ["with a key", `<option name="push-file" key="a.img" value="${CTS}" />`, [`${CTS}/a.img`]],
    ["of a folder: its content, into a new one", push(`files->${CTS}/all`), [`${CTS}/all/1`, `${CTS}/all/sub/2`]],
    ["of a folder: its content, into one that is there", push(`files->${CTS}`), [`${CTS}/1`, `${CTS}/sub/2`]],
  ])("%s; and everything is removed afterwards", async (_, options, paths) => {
    pushes(options);
    const { cleanUp } = await run();
    const contents = paths.map((path) => onDevice(path).toString());
    expect(contents.map((content) => ["image", "one", "two"].includes(content))).toEqual(paths.map(() => true));
    await cleanUp();
    expect(readdirSync(join(root, CTS))).toEqual(["theirs"]);
  });

  test("of a folder: empty folders too; links are followed, but not in a circle", async () => {
    mkdirSync(join(host, "files/empty/in"), { recursive: true });
    symlinkSync("nowhere", join(host, "files/dangling"));
    symlinkSync("sub", join(host, "files/link"));
    pushes(push(`files->${CTS}/all/`));
    const { cleanUp } = await run();
    const found = readdirSync(join(root, CTS, "all"), { recursive: true }).sort();
    expect(found).toEqual(["1", "empty", "empty/in", "link", "link/2", "sub", "sub/2"]);
    await cleanUp();
    expect(readdirSync(join(root, CTS))).toEqual(["theirs"]);

    symlinkSync("..", join(host, "files/sub/up"));
    await expect(run()).rejects.toMatchObject({
      code: "PUSH_SOURCE",
      message: expect.stringMatching(/files\/link\/up leads back to a folder that it is in/),
    });
  });

  test("of a file that is not there is refused before there is a device, unless it may fail", async () => {
    pushes(push(`none.img->${CTS}`));
    const check = () => checkFiles({ root: host, androidTest: "AndroidTest.xml" });
    await expect(check()).rejects.toMatchObject({ code: "NO_SUCH_FILE" });
    pushes(push(`none.img->${CTS}`) + '<option name="abort-on-push-failure" value="false" />');
    await check();
  });

  test("stays without cleanup, and never removes what was there before", async () => {
    pushes(push(`a.img->${CTS}`), false);
    await (await run()).cleanUp();
    pushes(push(`a.img->${CTS}`), true);
    await (await run()).cleanUp();
    expect(readdirSync(join(root, CTS)).sort()).toEqual(["a.img", "theirs"]);
  });

  test.each([
    [
      "a folder to a file",
      push(`files->${CTS}/theirs`),
      /is a folder; it cannot be pushed to .*theirs, which is a file/,
    ],
    ["a file to where a folder has its name", push(`a.img->${CTS}/in`), /directory/i],
    ["a file that is not there", push(`b.img->${CTS}`), /no such file/],
    ["several files", push(`files/**/*->${CTS}`), /Several files match "files\/\*\*\/\*"/],
  ])("%s is an error, unless it may fail", async (_, options, message) => {
    mkdirSync(join(root, CTS, "in/a.img"), { recursive: true });
    pushes(options);
    await expect(run()).rejects.toThrow(message);
    pushes(`${options}<option name="abort-on-push-failure" value="false" />`);
    const stderr = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    await run();
    const said = stderr.mock.calls.map(([chunk]) => String(chunk));
    stderr.mockRestore();
    expect(said).toEqual([
      expect.stringMatching(/^avf: failed to push \S+, which abort-on-push-failure="false" allows: /),
    ]);
    expect(said[0]).toMatch(message);
    expect(
      readdirSync(join(root, CTS))
        .sort()
        .filter((name) => !name.endsWith(".tmp")),
    ).toEqual(["in", "theirs"]);
  });
});

test("a command has two minutes, as with Tradefed", async () => {
  const spied = jest.spyOn(device, "execUnchecked");
  writeFileSync(
    join(host, "AndroidTest.xml"),
    `<configuration><target_preparer class="x.RunCommandTargetPreparer"><option name="run-command" value="true" />` +
      `<option name="teardown-command" value=": over" /></target_preparer></configuration>`,
  );
  await (await provision(device, { root: host, androidTest: "AndroidTest.xml" })).cleanUp();
  for (const command of ["true", ": over"]) {
    const wait = expect.objectContaining({ timeoutMs: 120_000 });
    expect(spied).toHaveBeenCalledWith(["sh", "-c", command], wait);
  }
});

test("a command that fails fails the suite only when its AndroidTest.xml says so", async () => {
  const xml = (strict: boolean): string =>
    `<configuration><target_preparer class="x.RunCommandTargetPreparer"><option name="run-command" value="false" />` +
    `<option name="throw-if-cmd-fail" value="${strict}" /></target_preparer></configuration>`;
  writeFileSync(join(host, "AndroidTest.xml"), xml(false));
  await provision(device, { root: host, androidTest: "AndroidTest.xml" });
  writeFileSync(join(host, "AndroidTest.xml"), xml(true));
  await expect(provision(device, { root: host, androidTest: "AndroidTest.xml" })).rejects.toThrow(/Exit code 1/);
});
