import { describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import type { Device } from "./contract.js";
import { InfrastructureError } from "../base/errors.js";
import { RebindableDevice } from "./rebindable-device.js";

/** A connection that says who it is. */
function connection(name: string): { readonly device: Device; readonly gone: AbortController; closed: boolean } {
  const gone = new AbortController();
  const state = { gone, closed: false, device: undefined as unknown as Device };
  state.device = {
    serial: "device",
    gone: gone.signal,
    exec: async () => ({ stdout: name }),
    close: async () => {
      state.closed = true;
      gone.abort(new Error(`${name} is closed`));
    },
  } as unknown as Device;
  return state;
}

describe("a device whose connection is replaced", () => {
  test("continues on the new one; the end of the old one does not end it", async () => {
    const [first, second] = [connection("first"), connection("second")];
    const bound = new RebindableDevice(first.device);
    const { device } = bound;
    expect(await device.exec(["x"])).toMatchObject({ stdout: "first" });
    await bound.rebind(
      async () => expect(first.closed).toBe(true),
      async () => second.device,
    );
    expect(await device.exec(["x"])).toMatchObject({ stdout: "second" });
    expect(device.gone.aborted).toBe(false);
    second.gone.abort(new Error("unplugged"));
    expect(device.gone.reason).toEqual(new Error("unplugged"));
  });

  test("is replaced by one after the other, and the last counts", async () => {
    const bound = new RebindableDevice(connection("first").device);
    const steps: string[] = [];
    let end = (): void => undefined;
    const slow = new Promise<void>((resolve) => (end = resolve));
    const replace = (name: string, work: Promise<void>): Promise<void> =>
      bound.rebind(
        async () => {
          steps.push(`${name} begins`);
          await work;
          steps.push(`${name} ends`);
        },
        async () => connection(name).device,
      );
    const both = [replace("second", slow), replace("third", Promise.resolve())];
    end();
    await Promise.all(both);
    expect(steps).toEqual(["second begins", "second ends", "third begins", "third ends"]);
    expect(await bound.device.exec(["x"])).toMatchObject({ stdout: "third" });
  });

  test("closed while it is replaced leaves no connection open", async () => {
    const second = connection("second");
    const bound = new RebindableDevice(connection("first").device);
    const replaced = bound.rebind(
      () => bound.device.close(),
      async () => second.device,
    );
    await expect(replaced).rejects.toMatchObject({ code: "DEVICE_CLOSED" });
    expect(second.closed).toBe(true);
  });

  test("ends what waits on it when it is given up, and stays so", () => {
    const bound = new RebindableDevice(connection("first").device);
    const { device } = bound;
    const reason = new Error("somebody else has it");
    bound.giveUp(reason);
    bound.giveUp(new Error("again"));
    expect(device.gone.reason).toBe(reason);
  });

  test("fails with the reason as long as that fails, and continues once it works", async () => {
    const [first, second] = [connection("first"), connection("second")];
    const bound = new RebindableDevice(first.device);
    const { device } = bound;
    const failure = new Error("damaged");
    await expect(
      bound.rebind(
        () => Promise.reject(failure),
        async () => second.device,
      ),
    ).rejects.toBe(failure);
    await expect(device.exec(["x"])).rejects.toBe(failure);
    expect(device.gone.aborted).toBe(false);
    await bound.rebind(
      async () => undefined,
      async () => second.device,
    );
    expect(await device.exec(["x"])).toMatchObject({ stdout: "second" });
  });
});

describe("a device of which somebody knows more than adb", () => {
  test("is gone for the reason that they give, and so do the calls say that were under way", async () => {
    const { device: inner, gone } = connection("first");
    const lost = new InfrastructureError("ADB_CONNECTION", "The connection broke.");
    const exec = async (): Promise<never> => {
      if (!gone.signal.aborted) await once(gone.signal, "abort");
      throw lost;
    };
    let say = (_why: Error | undefined): void => undefined;
    const { device } = new RebindableDevice({ ...inner, exec }, () => new Promise((resolve) => (say = resolve)));
    const call = device.exec(["sleep", "9"]);
    gone.abort(lost);
    expect(device.gone.aborted).toBe(false);
    const why = new Error("its QEMU ended by itself (SIGKILL)");
    say(why);
    await expect(call).rejects.toBe(why);
    expect(device.gone.reason).toBe(why);
    await expect(device.exec(["true"])).rejects.toBe(why);
  });

  test("is gone for adb's reason where they know of none", async () => {
    const { device: inner, gone } = connection("first");
    const { device } = new RebindableDevice(inner, async () => undefined);
    const ended = new Promise((resolve) => device.gone.addEventListener("abort", resolve));
    gone.abort(new Error("adb does not list it any more"));
    await ended;
    expect(device.gone.reason).toEqual(new Error("adb does not list it any more"));
  });
});
