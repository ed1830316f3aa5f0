import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { deferred } from "../../base/async/deferred.js";
import { InfrastructureError } from "../../base/errors.js";
import { keepLease, type KeptLease } from "./kept-lease.js";

type Answer = (signal: AbortSignal) => Promise<void>;

const renewed: Answer = async () => undefined;
const failed: Answer = async () => {
  throw new InfrastructureError("LAB_COORDINATOR", "The lab does not answer.");
};
const lost: Answer = async () => {
  throw new InfrastructureError("LEASE_LOST", "anna has shelf-1 now.");
};

interface Kept {
  readonly lease: KeptLease;
  /** What was done, in order. */
  readonly done: string[];
  readonly told: string[];
  /** Resolved when it is waited for a renewal that has no answer any more. */
  readonly allAnswered: Promise<void>;
}

/** A lease whose renewals are answered in turn, each due at once. */
function keep(answers: readonly Answer[], { giveBack = renewed, retryMs = 0, onTell }: KeepOptions = {}): Kept {
  const left = [...answers];
  const done: string[] = [];
  const told: string[] = [];
  const allAnswered = deferred();
  let guardians = 0;
  const lease = keepLease({
    name: "shelf-1",
    guard: () => {
      const number = ++guardians;
      done.push(`guardian ${number}`);
      return { dismiss: () => void done.push(`guardian ${number} dismissed`) };
    },
    renewal: {
      untilDue: async (signal) => {
        done.push("wait");
        if (left.length > 0) return;
        allAnswered.resolve();
        await ended(signal);
      },
      renew: async (signal) => {
        done.push("renew");
        await left.shift()?.(signal);
      },
      retryMs,
      succeedsAgain: "shelf-1 is ours again",
    },
    giveBack: async () => {
      done.push("give back");
      await giveBack(new AbortController().signal);
    },
    tell: (message) => {
      told.push(message);
      onTell?.();
    },
  });
  return { lease, done, told, allAnswered: allAnswered.promise };
}

interface KeepOptions {
  readonly giveBack?: Answer;
  readonly retryMs?: number;
  readonly onTell?: () => void;
}

/** Rejects with the signal's reason. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

afterEach(() => void jest.useRealTimers());

test("is guarded first, renewed when that is due, given back once, and its guardian dismissed after that", async () => {
  const { lease, done, told, allAnswered } = keep([renewed, renewed]);
  await allAnswered;
  const releases = [lease.release(), lease.release()];
  await Promise.all(releases);
  await lease.release();
  expect(done).toEqual([
    ...["guardian 1", "wait", "renew", "wait", "renew", "wait"],
    ...["give back", "guardian 1 dismissed"],
  ]);
  expect(told).toEqual([]);
  expect(lease.lost.aborted).toBe(false);
});

test("one that stays ours by itself is only guarded and given back", async () => {
  const done: string[] = [];
  const lease = keepLease({
    name: "cvd_1",
    guard: () => ({ dismiss: () => void done.push("dismissed") }),
    giveBack: async () => void done.push("give back"),
    tell: (message) => void done.push(message),
  });
  await lease.release();
  expect(done).toEqual(["give back", "dismissed"]);
});

describe("a renewal that fails", () => {
  const TELLS = "The lab does not answer.; going on with shelf-1, and trying again";

  test("once is reported, retried at once, and reported when it succeeds", async () => {
    const { lease, done, told, allAnswered } = keep([failed, renewed]);
    await allAnswered;
    expect(done).toEqual(["guardian 1", "wait", "renew", "renew", "wait"]);
    expect(told).toEqual([TELLS, "shelf-1 is ours again"]);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  test("again and again is reported once, and again after a success; only the lab decides that it is lost", async () => {
    const outage = [...Array.from({ length: 50 }, () => failed), renewed];
    const { lease, told, allAnswered } = keep([...outage, ...outage]);
    await allAnswered;
    expect(told).toEqual([TELLS, "shelf-1 is ours again", TELLS, "shelf-1 is ours again"]);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  test("for so long that the lab gave it to another user means that it is lost", async () => {
    const { lease, told, done } = keep([failed, failed, lost]);
    await ended(lease.lost).catch(() => undefined);
    expect(lease.lost.reason).toMatchObject({ code: "LEASE_LOST" });
    expect(told).toEqual([TELLS]);
    await lease.release();
    expect(done.slice(-2)).toEqual(["give back", "guardian 1 dismissed"]);
  });

  test("is tried again after its pause", async () => {
    jest.useFakeTimers();
    const { lease, done, allAnswered } = keep([failed, renewed], { retryMs: 2_000 });
    await jest.advanceTimersByTimeAsync(1_999);
    expect(done).toEqual(["guardian 1", "wait", "renew"]);
    await jest.advanceTimersByTimeAsync(1);
    await allAnswered;
    expect(done).toEqual(["guardian 1", "wait", "renew", "renew", "wait"]);
    await lease.release();
  });

  test("during the pause ends with the release, and is not reported again", async () => {
    const first = deferred();
    const { lease, done, told } = keep([failed], { retryMs: 3_600_000, onTell: first.resolve });
    await first.promise;
    await lease.release();
    expect(done).toEqual(["guardian 1", "wait", "renew", "give back", "guardian 1 dismissed"]);
    expect(told).toEqual([TELLS]);
  });
});

describe("one that is lost", () => {
  test("is reported once, and no longer renewed; giving it back then is up to the lab", async () => {
    const { lease, done, told } = keep([renewed, lost, lost, renewed]);
    let times = 0;
    lease.lost.addEventListener("abort", () => times++);
    await ended(lease.lost).catch(() => undefined);
    await lease.release();
    await lease.release();
    expect(times).toBe(1);
    expect(lease.lost.reason).toMatchObject({ code: "LEASE_LOST", message: "anna has shelf-1 now." });
    expect(done).toEqual([
      ...["guardian 1", "wait", "renew", "wait", "renew"],
      ...["give back", "guardian 1 dismissed"],
    ]);
    expect(told).toEqual([]);
  });

  test("may be noticed before a renewal is due", async () => {
    const lease = keepLease({
      name: "shelf-1",
      guard: () => ({ dismiss: () => undefined }),
      renewal: { untilDue: lost, renew: renewed, retryMs: 0, succeedsAgain: "again" },
      giveBack: async () => undefined,
      tell: () => undefined,
    });
    await ended(lease.lost).catch(() => undefined);
    expect(lease.lost.reason).toMatchObject({ code: "LEASE_LOST" });
    await lease.release();
  });
});

describe("a release while a renewal is under way", () => {
  test.each<[string, (goOn: Promise<void>) => Answer]>([
    ["that the release ends", () => ended],
    [
      "that succeeds all the same",
      (goOn) => async () => {
        await goOn;
      },
    ],
    [
      "that fails",
      (goOn) => async (signal) => {
        await goOn;
        await failed(signal);
      },
    ],
    [
      "that says that it is lost",
      (goOn) => async (signal) => {
        await goOn;
        await lost(signal);
      },
    ],
  ])("%s gives back after it, and reports nothing", async (_name, makeAnswer) => {
    const begun = deferred();
    const goOn = deferred();
    const answer = makeAnswer(goOn.promise);
    const { lease, done, told } = keep([
      async (signal) => {
        begun.resolve();
        await answer(signal).finally(() => void done.push("renewal ended"));
      },
      renewed,
    ]);
    await begun.promise;
    const released = lease.release();
    goOn.resolve();
    await released;
    expect(done).toEqual([
      ...["guardian 1", "wait", "renew", "renewal ended"],
      ...["give back", "guardian 1 dismissed"],
    ]);
    expect(told).toEqual([]);
    expect(lease.lost.aborted).toBe(false);
  });
});

test("one that cannot be given back is reported; its guardian stays, and a second release does not try again", async () => {
  const { lease, done, told, allAnswered } = keep([], { giveBack: failed });
  await allAnswered;
  await lease.release();
  await lease.release();
  expect(told).toEqual(["shelf-1 could not be given back yet: The lab does not answer."]);
  expect(done).toEqual(["guardian 1", "wait", "give back"]);
});

test("a guardian that has to know more is there before the one before goes, and is the one that is dismissed", async () => {
  const begun = deferred();
  const { lease, done, allAnswered } = keep([
    async () => {
      await begun.promise;
      lease.guardAnew();
    },
  ]);
  begun.resolve();
  await allAnswered;
  await lease.release();
  expect(done).toEqual([
    ...["guardian 1", "wait", "renew", "guardian 2", "guardian 1 dismissed", "wait"],
    ...["give back", "guardian 2 dismissed"],
  ]);
});
