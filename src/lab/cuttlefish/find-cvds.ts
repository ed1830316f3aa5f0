/** Which of the devices of an orchestrator are meant. */
import { InfrastructureError } from "../../base/errors.js";
import type { WantedDevice } from "./address.js";
import type { Cvd } from "./api/answers.js";
import { isOurs } from "./environment-config.js";
import type { Orchestrator } from "./api/orchestrator.js";

export type Taking = Extract<WantedDevice, { kind: "take" }>;

const MAX_SHOWN = 10;

/** @throws InfrastructureError `LAB_NO_PLACE` when there is none, with those that there are */
export async function findCvds(
  orchestrator: Orchestrator,
  { group, instance }: Pick<Taking, "group" | "instance">,
  signal?: AbortSignal,
): Promise<readonly Cvd[]> {
  const all = await orchestrator.list(signal);
  // Those that runs of ours have made are theirs, unless somebody asks for one by name.
  const found = all.filter((cvd) =>
    group === undefined ? !isOurs(cvd.group) : cvd.group === group && (instance ?? cvd.name) === cvd.name,
  );
  if (found.length > 0) return found;
  const wanted = group === undefined ? "" : ` ${[group, instance].filter(Boolean).join("/")}`;
  throw new InfrastructureError(
    "LAB_NO_PLACE",
    `The Cuttlefish orchestrator at ${orchestrator.server.orchestrator} has no device${wanted}.`,
    { hint: all.length === 0 ? "it has none at all; ?config=FILE makes one" : `it has ${describeCvds(all)}` },
  );
}

/** @throws InfrastructureError `LAB_NO_DEVICE` when none of them runs */
export function requireRunning(orchestrator: Orchestrator, cvds: readonly Cvd[]): readonly Cvd[] {
  const running = cvds.filter(({ status, adbPort }) => /^running$/i.test(status) && adbPort > 0);
  if (running.length > 0) return running;
  const at = `the Cuttlefish orchestrator at ${orchestrator.server.orchestrator}`;
  throw new InfrastructureError("LAB_NO_DEVICE", `No device of ${at} can be used: ${describeCvds(cvds)}.`, {
    hint: "start it: cvd --group_name=GROUP start",
  });
}

/** `cvd_1/phone (Running), cvd_2/phone (Stopped)` */
export function describeCvds(cvds: readonly Cvd[]): string {
  const shown = cvds.slice(0, MAX_SHOWN).map(({ group, name, status }) => `${group}/${name} (${status})`);
  return [...shown, ...(cvds.length > MAX_SHOWN ? [`${cvds.length - MAX_SHOWN} more`] : [])].join(", ");
}
