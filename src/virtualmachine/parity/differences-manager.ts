/** Where a manager and its VMs answer differently from Android's on purpose, told by the first step at which they part. */
import type { Difference } from "./difference.js";
import type { Parting } from "../testing/oracle/parting.js";
import type { Answer, Outcome, Step } from "../testing/oracle/cases.js";

interface Place {
  readonly step: Step;
  readonly before: readonly Step[];
  readonly theirs: Outcome;
  readonly ours: Outcome;
}

function placeOf({ given, path, answers }: Parting): Place | undefined {
  const at = /^steps\.(\d+)\./.exec(path)?.[1];
  if (given.kind !== "manager" || at === undefined) return undefined;
  const step = given.steps[Number(at)];
  const outcomeOf = ({ steps }: Answer): Outcome | undefined => (steps as readonly Outcome[])[Number(at)];
  const [theirs, ours] = [outcomeOf(answers.theirs), outcomeOf(answers.ours)];
  return step && theirs && ours && { step, theirs, ours, before: given.steps.slice(0, Number(at)) };
}

const onStep =
  (rule: (place: Place, parting: Parting) => boolean): Difference["explains"] =>
  (parting) => {
    const place = placeOf(parting);
    return place !== undefined && rule(place, parting);
  };

const says = (outcome: Outcome, error: string, message: RegExp): boolean =>
  "error" in outcome && outcome.error === error && message.test(outcome.message ?? "");

const hasRemoved = (steps: readonly Step[]): boolean => steps.some(([what]) => what === "rm" || what === "write");

const isFolder = ([what, path]: Step): boolean => what === "rm" && !path.includes("/");

export const MANAGER_DIFFERENCES: readonly Difference[] = [
  {
    id: "empty-name",
    says: "the empty name is an IllegalArgumentException: Android treats it as the folder of all VMs, which `delete` then removes",
    explains: onStep(
      ({ step, ours }) => step[1] === "" && says(ours, "IllegalArgumentException", /^Invalid VM name: $/),
    ),
  },
  {
    id: "payload-config-of-another-apk",
    says: "a payload config that the app's own APK lacks is read from the APK that the VM is to run (`setApkPath`), where Android throws a NullPointerException",
    explains: onStep(
      ({ step: [what], ours }, { theirs }) => what !== "run" && theirs === "NullPointerException" && "ok" in ours,
    ),
  },
  {
    id: "not-in-tool",
    says: "`suspend` and `resume` of a running VM are an UnsupportedOperationException: the `vm` tool has no command for them",
    explains: onStep(
      ({ step: [what], ours }) =>
        (what === "suspend" || what === "resume") && says(ours, "UnsupportedOperationException", /is not supported/),
    ),
  },
  {
    id: "console-input-device",
    says: "`setConfig` compares the console input device by its value; 15 compares the string objects, so that a VM that was loaded or imported refuses the config it was made with",
    explains: onStep(
      ({ step: [what, , config], theirs, ours }, { given, release }) =>
        release === 15 &&
        what === "setConfig" &&
        says(theirs, "VirtualMachineException", /^incompatible config$/) &&
        // What is asked next: whether the VM is stopped.
        ("ok" in ours || says(ours, "VirtualMachineException", /^VM (?:is not in stopped state|has been deleted)$/)) &&
        given.kind === "manager" &&
        given.configs[String(config)]?.calls.some(([setter]) => setter === "setConsoleInputDevice") === true,
    ),
  },
  {
    id: "objects-stay-deleted",
    says: "an object whose VM's folder was removed stays DELETED, as on 17; on 14 to 16 it represents the next VM of that name",
    explains: onStep(({ step: [what], before, ours }, { release }) => {
      if (release > 16 || !before.some(isFolder)) return false;
      return (
        says(ours, "VirtualMachineException", /^VM has been deleted$/) ||
        (what === "getStatus" && "ok" in ours && ours.ok === 2)
      );
    }),
  },
  {
    id: "descriptors-hold-nothing-open",
    says: "a descriptor cannot be imported once another program removed the files of its VM; Android keeps them open",
    explains: onStep(
      ({ step: [what], before, ours }) =>
        what === "import" &&
        hasRemoved(before) &&
        says(ours, "VirtualMachineException", /^failed to (?:transfer|copy) /),
    ),
  },
  {
    id: "descriptors-keep-the-config",
    says: "a descriptor keeps the config from when it was made, whatever another program later writes into the config.xml of its VM",
    explains: onStep(
      ({ step: [what], before }) =>
        what === "import" && before.some(([done, path]) => done === "write" && path.endsWith("/config.xml")),
    ),
  },
];
