"use strict";
/**
 * Stands where a host orchestrator looks for `cvd`: takes the commands that it runs, starts emulated devices in place of
 * Cuttlefish ones, and prints what `cvd` prints. `CVD_STUB_FOLDER` has what it knows, and a line for each call. An instance
 * of the config may have `stub`: `fails`, the words with which it does not boot; `bootMs`, for one that is no device at all
 * and only takes so long; `saveMs`, how long a snapshot of it takes, which does not end with the device.
 */
const { execFile, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const { join } = require("node:path");
const { promisify } = require("node:util");

const avf = join(__dirname, "../../../cli/avf.cjs");
const folder = process.env.CVD_STUB_FOLDER;
/** What is in a snapshot, for devices are saved by other means here. */
const DATA = "/data/local/tmp";
const stateFile = join(folder, "fleet.json");

const commands = {
  version: async () => "stub 1.0",
  fleet: async () => ({ groups: readState().groups.map(printed) }),
  load: async ([file]) => load(JSON.parse(fs.readFileSync(file, "utf8"))),
  remove: async (_args, { group }) => {
    for (const instance of find(group).instances) await stopDevice(group, instance);
    change(({ groups }) => ({ groups: groups.filter(({ name }) => name !== group) }));
  },
  stop: async (_args, selected) => {
    for (const instance of chosen(selected)) await stopDevice(selected.group, instance);
    setStatus(selected, "Stopped");
  },
  start: async (args, selected) => {
    const at = args.indexOf("--snapshot_path");
    setStatus(selected, "Starting");
    for (const instance of chosen(selected)) {
      await startDevice(selected.group, instance);
      if (at >= 0) adb(instance, "exec-in", `tar xf - -C ${DATA}`, fs.readFileSync(join(args[at + 1], "data.tar")));
    }
    setStatus(selected, "Running");
  },
  suspend: async (_args, selected) => setStatus(selected, "Suspended"),
  resume: async (_args, selected) => setStatus(selected, "Running"),
  snapshot_take: async (args, selected) => {
    const path = args[args.indexOf("--snapshot_path") + 1];
    for (const instance of chosen(selected)) {
      if (instance.status !== "Suspended") throw new Error(`${instance.name} is not suspended`);
      fs.mkdirSync(path);
      if (instance.stub.saveMs !== undefined) await new Promise((resolve) => setTimeout(resolve, instance.stub.saveMs));
      fs.mkdirSync(path, { recursive: true });
      fs.writeFileSync(join(path, "data.tar"), adb(instance, "exec-out", `tar cf - -C ${DATA} .`));
    }
  },
  host_bugreport: async (args, { group }) => {
    const path = args.find((word) => word.startsWith("--output=")).slice("--output=".length);
    fs.writeFileSync(path, emptyZip(`bug report of ${find(group).name}`));
  },
  powerwash: async (_args, selected) => {
    for (const instance of chosen(selected)) {
      await stopDevice(selected.group, instance);
      await startDevice(selected.group, instance);
    }
  },
};

async function main(argv) {
  fs.appendFileSync(join(folder, "calls.log"), `${argv.join(" ")}\n`);
  const selected = { group: option(argv, "group_name"), instance: option(argv, "instance_name") };
  const [name, ...args] = argv.filter((word) => !/^--(group|instance)_name=/.test(word));
  const command = commands[name];
  if (command === undefined) throw new Error(`no such command: ${name}`);
  const answer = await command(args, selected);
  if (answer !== undefined) process.stdout.write(`${typeof answer === "string" ? answer : JSON.stringify(answer)}\n`);
}

async function load({ common, instances }) {
  const group = common.group_name;
  if (readState().groups.some(({ name }) => name === group)) throw new Error(`group ${group} is there already`);
  const made = instances.map(({ name, stub = {} }, index) => ({
    ...{ name: name ?? String(index + 1), status: "Starting", port: 0, stub },
  }));
  change(({ groups }) => ({ groups: [...groups, { name: group, instances: made }] }));
  try {
    for (const instance of made) await startDevice(group, instance);
  } catch (error) {
    setStatus({ group }, "Boot Failed");
    throw error;
  }
  setStatus({ group }, "Running");
  return printed(find(group));
}

async function startDevice(group, { name, port, stub }) {
  if (stub.fails !== undefined) throw new Error(stub.fails);
  if (stub.bootMs !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, stub.bootMs));
    return changeInstances({ group, instance: name }, (instance) => ({ ...instance, port: 6520 }));
  }
  const args = ["device", "start", "--name", deviceName(group, name), "--cpus", "1", ...(port ? ["--port", port] : [])];
  const { stdout } = await run(args.map(String));
  const started = Number(/:(\d+)\s*$/.exec(stdout)?.[1]);
  if (!(started > 0)) throw new Error(`no port in ${stdout}`);
  changeInstances({ group, instance: name }, (instance) => ({ ...instance, port: started }));
}

async function stopDevice(group, { name, stub }) {
  if (stub.bootMs !== undefined) return;
  await run(["device", "stop", deviceName(group, name)]).catch((error) => {
    if (!/no emulated device|NO_SUCH_DEVICE|is not/i.test(error.stderr)) throw error;
  });
}

/** A command on the device, with its input and output as they are. */
function adb({ port, stub }, direction, command, input) {
  if (stub.bootMs !== undefined) return Buffer.from("nothing");
  const serial = `127.0.0.1:${port}`;
  spawnSync("adb", ["connect", serial]);
  const { status, stdout, stderr } = spawnSync("adb", ["-s", serial, direction, command], { input });
  if (status !== 0) throw new Error(`adb ${direction} ${command}: ${stderr}`);
  return stdout;
}

/** One with nothing in it but a comment. */
function emptyZip(comment) {
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([end, Buffer.from(comment)]);
}

function run(args) {
  const { CVD_INVOKER: _unused, ...env } = process.env;
  return promisify(execFile)(process.execPath, [avf, ...args], { env });
}

/** As `cvd fleet` has it: one that does not run has no port. */
function printed({ name, instances }) {
  return {
    group_name: name,
    instances: instances.map(({ name: instance, status, port }) => ({
      instance_name: instance,
      // A real one has no word for it.
      status: status === "Suspended" ? "Running" : status,
      instance_dir: join(folder, name, instance),
      ...(["Running", "Suspended"].includes(status) && {
        adb_port: port,
        adb_serial: `127.0.0.1:${port}`,
        webrtc_device_id: `${name}-${instance}`,
        displays: ["720 x 1280 ( 320 )"],
      }),
    })),
  };
}

const deviceName = (group, instance) => `${group}-${instance}`.slice(-40);

function option(argv, name) {
  return argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
}

function find(group) {
  const found = readState().groups.find(({ name }) => name === group);
  if (found === undefined) throw new Error(`no group ${group}`);
  return found;
}

function chosen({ group, instance }) {
  return find(group).instances.filter(({ name }) => instance === undefined || name === instance);
}

function setStatus(selected, status) {
  changeInstances(selected, (instance) => ({ ...instance, status }));
}

function changeInstances({ group, instance }, edit) {
  change(({ groups }) => ({
    groups: groups.map((each) =>
      each.name !== group
        ? each
        : { ...each, instances: each.instances.map((it) => (!instance || it.name === instance ? edit(it) : it)) },
    ),
  }));
}

function readState() {
  return fs.existsSync(stateFile) ? JSON.parse(fs.readFileSync(stateFile, "utf8")) : { groups: [] };
}

/** Commands run side by side. */
function change(edit) {
  const lock = join(folder, "lock");
  while (!tryLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  try {
    fs.writeFileSync(`${stateFile}.new`, JSON.stringify(edit(readState())));
    fs.renameSync(`${stateFile}.new`, stateFile);
  } finally {
    fs.rmdirSync(lock);
  }
}

function tryLock(lock) {
  try {
    fs.mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stderr ?? error.message}\n`);
  process.exitCode = 1;
});
