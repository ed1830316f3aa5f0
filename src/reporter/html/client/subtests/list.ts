/** Tests that ran in the VMs of a test: those that failed with what they said, then all by name. */
import type { SubtestData } from "../../report-data.js";
import { h, sign } from "../dom.js";

/** Opened as soon as it is looked at: a list of thousands takes a moment to lay out. */
const MANY = 200;

export function subtestList(subtests: readonly SubtestData[]): HTMLElement | undefined {
  if (subtests.length === 0) return undefined;
  const failed = subtests.filter(({ outcome }) => outcome === "failed");
  const others = subtests.filter(({ outcome }) => outcome !== "failed");
  const count = (outcome: string): number => subtests.filter((one) => one.outcome === outcome).length;
  const sums = ["passed", "failed", "skipped"].map((outcome) => `${count(outcome)} ${outcome}`).join(", ");
  return h(
    "section",
    { class: "subtests", "aria-label": "Sub-tests" },
    h("h3", {}, "Sub-tests"),
    h("p", { class: "note" }, `Run in the VM, by its own report: ${sums}.`),
    failed.length === 0 ? undefined : list(failed),
    others.length === 0
      ? undefined
      : h(
          "details",
          { open: failed.length === 0 && others.length <= MANY },
          h("summary", {}, failed.length === 0 ? "All" : "The others"),
          list(others),
        ),
  );
}

function list(subtests: readonly SubtestData[]): HTMLElement {
  return h(
    "ul",
    {},
    subtests.map(({ names, outcome, text }) =>
      h(
        "li",
        { class: outcome },
        sign(outcome),
        ` ${names.join(" › ")}`,
        h("span", { class: "hidden-text" }, `, ${outcome}`),
        text === "" ? undefined : h("pre", { class: outcome === "failed" ? "failure" : "reason" }, text),
      ),
    ),
  );
}
