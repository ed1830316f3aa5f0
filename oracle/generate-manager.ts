/** Random sequences of calls of a manager and its VMs, with what others do to the files in between. */
import { type AndroidRelease } from "../src/base/android-release.js";
import { goodConfig } from "./generate-config.js";
import type { GivenConfig, OracleCase, Step } from "../src/virtualmachine/testing/oracle/cases.js";
import type { Random } from "./random.js";

const NAMES = ["vm1", "vm2"] as const;
const HANDLES = ["x", "y"] as const;
const DESCRIPTORS = ["d", "e"] as const;
const OTHERS = [
  ...["getConsoleOutput", "getLogOutput", "getConsoleInput", "suspend", "resume", "getMemoryBalloon"],
  ...["getActualMemoryBalloonBytes", "getRootDir"],
];
const FILES = ["config.xml", "instance.img", "instance_id", "storage.img", "idsig", "extra_idsig_0"] as const;

export function managerCase(random: Random, release: AndroidRelease): OracleCase {
  const first = config(random, release);
  const configs = {
    a: first,
    b: random.chance(0.6) ? alike(random, first) : config(random, release),
    c: config(random, release),
  };
  const steps = random.times(3 + random.below(12), (at) => (at === 0 ? start(random) : step(random)));
  // 14's library does not ask for the feature.
  const instanceIds = random.chance(0.5) && release >= 15;
  return { kind: "manager", instanceIds, assets: assets(random), configs, steps };
}

/** What the `vm` tool has no option for is refused here; all else is as for builders. */
function config(random: Random, release: AndroidRelease): GivenConfig {
  const { calls } = goodConfig(random, release);
  const kept = calls.filter(
    ([name]) =>
      !["setCustomImageConfig", "setVendorDiskImage", "setOs", "setNetworkSupported", "setShouldRamdump"].includes(
        name,
      ),
  );
  return {
    packageName: "com.example",
    calls: kept.map(([name, argument]) => {
      if (name === "setApkPath")
        return [name, random.pick(["$FOLDER/base.apk", "$FOLDER/com.other.apk", "$FOLDER/none.apk"])];
      if (name === "addExtraApk") return [name, random.pick(["com.other", "com.other", "com.none"])];
      return [name, argument];
    }),
  };
}

/** The same VM with more or less memory or storage. */
function alike(random: Random, { packageName, calls }: GivenConfig): GivenConfig {
  const setter = random.pick(["setMemoryBytes", "setEncryptedStorageBytes"] as const);
  return {
    packageName,
    calls: [...calls.filter(([name]) => name !== setter), [setter, random.pick([4096, 1 << 20, 2 ** 30])]],
  };
}

function assets(random: Random): Readonly<Record<string, string>> {
  const library = random.chance(0.9) ? { "lib/x86_64/a.so": "x", "lib/x86_64/libb.so": "x" } : {};
  const json = random.chance(0.4)
    ? "{}"
    : random.chance(0.3)
      ? spoiled(random)
      : random.pick([
          '{"os": {"name": "microdroid"}}',
          '{"extra_apks": []}',
          '{"extra_apks": [{"path": "$FOLDER/com.other.apk"}]}',
          '{"extra_apks": [{"path": "e.apk"}]}',
          '{"extra_apks": {}}',
          '{"extra_apks": null}',
          '{"extra_apks": [{}]}',
          '{"extra_apks": [{"path": 1}]}',
          '{"extra_apks": [{"other": "/a"}]}',
          '{"extra_apks": [{"path": "/a.apk", "other": 1}]}',
          '{"extra_apks": ["/a.apk"]}',
          "[]",
          "null",
          "",
          "x",
          '{"a": 1,}',
          '{"extra_apks": [{"path": "/a.apk"}], "extra_apks": [{"path": "/b.apk"}]}',
          '{"extra_apks": [{"path": null}]}',
        ]);
  return random.chance(0.9) ? { ...library, "assets/vm_config.json": json, "assets/other.json": "{}" } : library;
}

/** JSON from parts of it, mostly with the keys that are read. */
function spoiled(random: Random): string {
  const tokens = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    ";",
    '"path"',
    '"extra_apks"',
    '"/a.apk"',
    '"\\u0041\\/"',
    "1",
    "-0.5e1",
  ];
  const more = [
    "01",
    "null",
    "True",
    "x",
    "//",
    "#",
    '"',
    "'",
    "\n",
    "{}",
    "[]",
    '{"path": "/a.apk"}',
    "=",
    '"a',
    "\ufeff",
  ];
  const good = ["{", '"extra_apks"', ":", "[", '{"path": "/a.apk"}', "]", "}"];
  const changed = good.flatMap((token) =>
    random.chance(0.75) ? [token] : random.times(random.below(3), () => random.pick([...tokens, ...more])),
  );
  return [random.chance(0.05) ? "\ufeff" : "", ...changed, random.chance(0.1) ? random.pick(more) : ""].join("");
}

function start(random: Random): Step {
  return ["create", "vm1", random.pick(["a", "b", "c"]), "x"];
}

function step(random: Random): Step {
  const name = random.pick(NAMES);
  const anyName = random.chance(0.95) ? name : random.pick(["", ".", "..", "a/b", "ü", "a b", "VM1"]);
  const handle = random.pick(HANDLES);
  const config = random.pick(["a", "b", "c"]);
  const descriptor = random.pick(DESCRIPTORS);
  return random.pick<() => Step>([
    () => ["create", anyName, config, handle],
    () => ["get", name, "-", handle],
    () => ["get", anyName, "-", handle],
    () => ["getOrCreate", anyName, config, handle],
    () => ["delete", anyName],
    () => ["import", anyName, "-", descriptor, handle],
    () => ["import", name, "-", descriptor, handle],
    () => ["toDescriptor", handle, descriptor],
    () => ["toDescriptor", handle, descriptor],
    () => ["closeDescriptor", descriptor],
    () => ["run", handle],
    () => ["run", handle],
    () => ["run", handle],
    () => ["stop", handle],
    () => ["stop", handle],
    () => ["close", handle],
    () => ["die", handle],
    () => ["getStatus", handle],
    () => ["setConfig", handle, config],
    () => ["setConfig", handle, config],
    () => ["getConfig", handle],
    () => ["connectVsock", handle, random.pick([1023, 1024, 5000, 4294967295, 4294967296, 0, -1])],
    () => ["toString", handle],
    () => [random.pick(OTHERS), handle],
    () => ["rm", name],
    () => ["rm", `${name}/${random.pick(FILES)}`],
    () => ["rm", `${name}/${random.pick(FILES)}`],
    () => [
      "write",
      `${name}/${random.pick(["config.xml", "instance.img", "other"])}`,
      random.pick(["", "garbage", "<bundle/>"]),
    ],
    () => ["rmApk", random.pick(["base.apk", "com.other.apk"])],
  ])();
}
