/** `toMatchBootSnapshot`: a VM's boot log, masked, against Jest's snapshot of it. */
import { toMatchSnapshot, type Context } from "jest-snapshot";
import { UsageError } from "../../../base/errors.js";
import {
  BOOT_STAGES,
  BOOTED,
  CUSTOM_BOOTED,
  formatLastLines,
  linesOfRun,
  moment,
  situation,
  stageIndex,
  stagesOfLine,
  VmWaitError,
  waitForVm,
  type BootStage,
  type OutputLine,
  type OutputStream,
  type Patience,
  type VirtualMachine,
} from "../../../virtualmachine/index.js";
import { whileBusy } from "../../../session/calls/test-context.js";
import { maskLine, type Mask } from "./boot-log-masks.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "../matcher.js";
import { checkPattern, patienceOf, throwIfTestOver } from "../patience.js";

/** A line comes by another way than the event that it belongs to, and as a rule before it. */
const LINE_TIMEOUT_MS = 10_000;

export interface BootSnapshotOptions extends Patience {
  /** Name of the snapshot beside the test's, for tests with several. */
  readonly hint?: string;
  /** The log ends with the first line that shows this stage. Default: `payload`; `init` for a VM with its own kernel. */
  readonly until?: BootStage;
  /** Default: `console`. */
  readonly stream?: OutputStream;
  /** Leaves out lines that do not match; a kernel with many drivers does not always say the same. */
  readonly only?: RegExp;
  /** More to mask: pattern and what stands for it, as `String.replace` takes them. */
  readonly mask?: readonly Mask[];
}

export async function toMatchBootSnapshot(
  this: MatcherThis,
  received: unknown,
  options: BootSnapshotOptions = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toMatchBootSnapshot");
  const { until = vm.getConfig().getCustomImageConfig() ? CUSTOM_BOOTED : BOOTED, stream = "console" } = options;
  const { only, mask } = options;
  checkOptions(options, this.isNot === true);
  const patience = patienceOf("toMatchBootSnapshot", options, false);
  const stage = moment.stage(vm, until);
  const outcome = await whileBusy(`waiting until ${String(stage)}`, () => stage.when(patience));
  if (outcome.kind !== "happened") {
    throwIfTestOver();
    const cause = stage.explain(outcome);
    return { pass: false, message: () => `${hint(this, "toMatchBootSnapshot", "")}\n\n${cause.message}`, cause };
  }
  const lines = await bootLog(vm, until, stream, patience);
  // Not `test()`, which begins where it ended for an expression with the flag `g`.
  const wanted = lines.filter(({ text }) => only === undefined || text.search(only) >= 0);
  const log = wanted.map(({ text }) => maskLine(text, mask));
  // Jest's own matcher knows the snapshot file, `--updateSnapshot` and `--ci`, and reports at the end of the test.
  const result = toMatchSnapshot.call(this as unknown as Context, log.join("\n"), options.hint ?? "boot log");
  const { pass, message } = result as MatcherResult;
  const named = (): string => message().replace("expect(received).toMatchSnapshot", "expect(vm).toMatchBootSnapshot");
  return { pass, message: pass ? message : named };
}

/** Up to the line that shows the stage: what follows it may or may not be there yet. */
async function bootLog(
  vm: VirtualMachine,
  until: BootStage,
  stream: OutputStream,
  patience: Patience,
): Promise<readonly OutputLine[]> {
  const { journal } = vm.control;
  const tells = ({ text }: OutputLine): boolean =>
    stagesOfLine(text).some((sign) => stageIndex(sign.stage) >= stageIndex(until));
  const complete = (): readonly OutputLine[] | undefined => {
    const lines = vm.output.lines(stream).filter(({ run }) => run === journal.run.number);
    const last = lines.findIndex(tells);
    return last < 0 ? undefined : lines.slice(0, last + 1);
  };
  // The stage may be known from an event, with its line still on the way; or there is none.
  const timeoutMs = Math.min(patience.timeoutMs ?? Infinity, LINE_TIMEOUT_MS * vm.slowness);
  const end = await waitForVm(journal, complete, { ...patience, timeoutMs, firstRun: journal.run.number });
  if (!("kind" in end)) return end;
  const what = `The ${stream} of VM "${vm.getName()}" has no line that shows boot stage "${until}".`;
  throw new VmWaitError({ kind: "expectation", code: "NO_BOOT_LOG", text: what }, vm.getName(), end, {
    details: situation(journal),
    hint: 'a VM that is not debuggable has no console; otherwise name a stage that it shows: { until: "init" }',
    lastLines: formatLastLines(linesOfRun(journal), 40, journal),
  });
}

function checkOptions({ until, only }: BootSnapshotOptions, isNot: boolean): void {
  if (isNot) throw new UsageError("NEGATED_SNAPSHOT", "expect(vm).not.toMatchBootSnapshot() says nothing.");
  if (until !== undefined && !BOOT_STAGES.includes(until)) {
    throw new UsageError(
      "BAD_STAGE",
      `There is no boot stage "${String(until)}"; there are ${BOOT_STAGES.join(", ")}.`,
    );
  }
  if (only !== undefined) checkPattern("toMatchBootSnapshot", only);
}
