/** Environment variables that users set: `avf help`, docs/commands.md and the README's table have these and no others. */
import { ANDROID_RELEASES, DEFAULT_RELEASE } from "../base/android-release.js";
import { MONITORS } from "../base/vm/monitors.js";

export const SETTINGS: readonly (readonly [setting: string, meaning: string])[] = [
  ["ANDROID_SERIAL=A,B", "real devices to use, by serial"],
  ["AVF_DEVICES=labgrid://…", "the lab that real devices are leased from, where none is named"],
  ["AVF_CUTTLEFISH_TOKEN=TOKEN", "access token of a Cuttlefish host that asks for one"],
  ["AVF_CUTTLEFISH_TOKEN_FILE=FILE", "the same, in a file"],
  ["AVF_CUTTLEFISH_BUILD_TOKEN=TOKEN", "what a Cuttlefish host fetches builds with"],
  ["AVF_CUTTLEFISH_BUILD_TOKEN_FILE=FILE", "the same, in a file"],
  ["STF_TOKEN=TOKEN", "access token of an account of DeviceFarmer STF"],
  ["STF_TOKEN_FILE=FILE", "the same, in a file"],
  ["AVF_DEVICE_MATCH=…", "what a real device must have, such as sdk>=34, ro.build.type=userdebug"],
  [`AVF_RELEASE=${ANDROID_RELEASES.join("|")}`, `Android release that the emulated device shows (${DEFAULT_RELEASE})`],
  [`AVF_MONITOR=${MONITORS.join("|")}`, "what its VMs run on (crosvm if AVF_CROSVM names one, else qemu)"],
  ["AVF_CROSVM=FILE", "crosvm program for the emulated device's image"],
  ["AVF_ACCEL=auto|tcg|kvm", "what the emulated device runs on (auto)"],
  ["AVF_CACHE_DIR=DIR", "images, snapshots, records (~/.cache/jest-avf)"],
  ["AVF_OUT=DIR", "records of test runs (avf-results)"],
  ["AVF_HISTORY=FILE", "file to which runs add the result of each test (none)"],
  ["AVF_LIVE=off|lines", "no view of a run in progress, or plain lines on a terminal as well"],
  ["AVF_HOLD=10m", "keep device and VMs of a failed test for that time"],
  ["AVF_ISOLATION=file|worker|test", "what gets a pristine emulated device (file)"],
  ["AVF_POLICY=restored|fresh|dirty", "how tests reach the checkpoint they start from (restored)"],
  ["AVF_REPEAT=restored", "run each test twice: as configured, and after a restore"],
];

/** Found in the sources, and nothing for users to set. */
export const INTERNAL_VARIABLES: Readonly<Record<string, string>> = {
  AVF_VMM: "former name of AVF_MONITOR",
  AVF_LABGRID: "where `npm run test:lab` has labgrid's programs",
  AVF_PRISM: "where `npm run test:lab` has Prism, which checks requests against STF's Swagger",
  AVF_STF_SWAGGER: "the file with STF's Swagger, for `npm run test:lab`",
  AVF_ORCHESTRATOR: "the Cuttlefish host orchestrator that `npm run test:lab` tries",
  AVF_TEST_LAB: "by which `npm run test:lab` asks Jest for its own tests alone",
  AVF_RUN_FOLDER: "the run's folder, for its worker processes",
  AVF_COUNTS_FILE: "where a part of `npm test` writes its counts",
  AVF_TEMPLATE_READY: "what the guest prints when a template may be made of it; no variable",
};
