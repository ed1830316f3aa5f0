/** The adb server and its device on another host: one with a network of its own. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stopWithUs } from "./stop-with-us.js";

const root = join(__dirname, "../..");
const avf = join(root, "src/cli/avf.cjs");
const START_TIMEOUT_MS = 400_000;

const SUITE = `
const { connect } = require("node:net");
const { once } = require("node:events");
const { test, expect, adbIntoVm } = require("jest-avf");

/** The first words of an adbd, which answers one that says hello (AOSP adb: protocol.txt). */
async function greet(socket) {
  const hello = Buffer.from("host::\\0");
  const header = Buffer.alloc(24);
  const sum = hello.reduce((total, byte) => total + byte, 0);
  [0x4e584e43, 0x01000000, 4096, hello.length, sum, (0x4e584e43 ^ 0xffffffff) >>> 0].forEach((word, at) => header.writeUInt32LE(word, at * 4));
  socket.write(Buffer.concat([header, hello]));
  const [answer] = await once(socket, "data");
  socket.destroy();
  return answer.toString("latin1", 0, 4);
}

async function dial(port) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

test("everything that adb carries", async ({ device, runningVm, signal }) => {
  await expect(runningVm).toPrint(/Hello/);
  const cid = await runningVm.getCid();
  expect(await greet(await runningVm.connectVsock(5555, { retryUntilMs: 60_000, signal }))).toMatch(/AUTH|CNXN|STLS/);

  const forward = await device.forward("vsock:" + cid + ":5555", { signal });
  expect(await greet(await dial(forward.hostPort))).toMatch(/AUTH|CNXN|STLS/);
  await forward.close();
  const nobody = await device.forward("vsock:" + cid + ":4711", { signal });
  const refused = await dial(nobody.hostPort);
  refused.on("error", () => undefined);
  refused.resume();
  await once(refused, "close");
  await nobody.close();
  const own = await device.forward("tcp:5555", { signal });
  expect(await greet(await dial(own.hostPort))).toMatch(/AUTH|CNXN|STLS/);
  await own.close();

  await using guest = await adbIntoVm(device, runningVm, { signal });
  expect((await guest.exec(["getprop", "ro.hardware"])).stdout.trim()).toBe("microdroid");
  await device.push("pushed", "/data/local/tmp/pushed");
  expect(String(await device.readFile("/data/local/tmp/pushed"))).toContain("test(");
  await device.exec(["rm", "/data/local/tmp/pushed"]);
});
`.replace('device.push("pushed"', "device.push(__filename");

/** Its loopback is another one than ours; files and process ids are the same. */
const otherHost = (command: string): readonly string[] => {
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  return ["unshare", ...user, "--net", "--", "sh", "-c", `ip link set lo up && exec ${command}`];
};

const hasOtherHosts = (): boolean => {
  const [program = "", ...args] = otherHost("true");
  return process.platform === "linux" && spawnSync(program, args).status === 0;
};

/** A run on real devices has no device to spare. */
const describeThere = process.env["ANDROID_SERIAL"] === undefined && hasOtherHosts() ? describe : describe.skip;

describeThere("an adb server in another network", () => {
  const name = `remote-${process.pid}`;
  let folder: string;
  let spec: string;
  let stopDevice: () => Promise<void>;
  let serial: string;
  let tunnel: Server;

  const environment = (socket: string, added: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
    const away = ["FORCE_COLOR", "CI", "GITHUB_ACTIONS", "AVF_RUN_FOLDER", "AVF_HOLD", "JEST_WORKER_ID"];
    const kept = Object.entries(process.env).filter(([variable]) => !away.includes(variable));
    return {
      ...Object.fromEntries(kept),
      NO_COLOR: "1",
      ADB_SERVER_SOCKET: socket,
      AVF_OUT: join(folder, "out"),
      ...added,
    };
  };

  function run(argv: readonly string[]): SpawnSyncReturns<string> {
    const [program = "", ...args] = argv;
    return spawnSync(program, args, { env: environment(spec), encoding: "utf8", timeout: START_TIMEOUT_MS });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "avf-remote-"));
    // Sockets in the file system are visible in all network namespaces.
    spec = `localfilesystem:${join(folder, "adb")}`;
    stopDevice = stopWithUs([name], environment(spec));
    const started = run(otherHost(`'${process.execPath}' '${avf}' device start --name ${name} --cpus 1`));
    serial = started.stdout.trim();
    if (!/^127\.0\.0\.1:\d+$/.test(serial)) throw new Error(`no device: ${started.stdout}\n${started.stderr}`);
    // As `ssh -L` makes one.
    tunnel = createServer((near) => {
      const far = connect(join(folder, "adb"));
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on("error", () => [near, far].forEach((each) => each.destroy()));
    });
    await once(tunnel.listen(0, "127.0.0.1"), "listening");
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/jest-avf"));
    writeFileSync(join(folder, "suite.test.js"), SUITE);
    const apks = [join(root, "fixtures/MicrodroidTestApp.apk")];
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ jest: { preset: "jest-avf", testEnvironmentOptions: { apks } } }),
    );
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await stopDevice();
    run(["adb", "-L", spec, "kill-server"]);
    tunnel.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test(
    "is as good as one of this host, by its socket or through a tunnel",
    async () => {
      const there = connect(Number(serial.split(":")[1]), "127.0.0.1");
      await expect(once(there, "connect")).rejects.toThrow("ECONNREFUSED");
      for (const socket of [spec, `tcp:127.0.0.1:${(tunnel.address() as AddressInfo).port}`]) {
        const jest = createRequire(join(root, "package.json")).resolve("jest/bin/jest");
        const child = spawn(process.execPath, [jest, "--runInBand"], {
          cwd: folder,
          env: environment(socket, { ANDROID_SERIAL: serial }),
        });
        let output = "";
        for (const stream of [child.stdout, child.stderr])
          stream.on("data", (chunk: Buffer) => (output += String(chunk)));
        const [exitCode] = (await once(child, "close")) as [number | null];
        expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("1 passed") as unknown });
      }
    },
    START_TIMEOUT_MS,
  );

  test("has no forward of ours left", () => {
    expect(run(["adb", "-L", spec, "forward", "--list"]).stdout.trim()).toBe("");
  });
});
