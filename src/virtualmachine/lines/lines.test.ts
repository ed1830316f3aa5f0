/** Lines that are very long, and lines that come on both streams: found, and told, once. */
import { describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineManager } from "../manager.js";
import { memoryContext, type MemoryService } from "../testing/memory-service.js";
import type { VirtualMachine } from "../machine.js";
import { LineSearch } from "./search.js";

const LIMIT = 64 << 10;
const SOON = { timeoutMs: 1 };

async function running(): Promise<{ readonly vm: VirtualMachine; readonly service: MemoryService }> {
  const { context, service } = memoryContext();
  const config = new VirtualMachineConfig.Builder(context, "assets/c.json").build();
  const vm = await VirtualMachineManager.getInstance(context).create("vm1", config);
  await vm.run();
  return { vm, service };
}

describe("a line over 64 KiB", () => {
  const around = (word: string): string => `${"x".repeat(LIMIT - 3)}${word}${".".repeat(LIMIT / 2)}`;

  test.each<[string | RegExp, string]>([
    ["needle", "needle"],
    [/need(le)/, "needle"],
    [/needle\.+end$/m, `needle${".".repeat(LIMIT / 2)}end`],
  ])("is found with %p across the cut", async (pattern, found) => {
    const { vm, service } = await running();
    service.vm.print(`${around("needle")}end\n`);
    const match = await vm.waitForConsole(pattern, SOON);
    expect(match.groups[0]).toBe(found);
  });

  test("is found byte by byte, while it is waited for", async () => {
    const { vm, service } = await running();
    const wait = vm.waitForConsole(/needle/, { timeoutMs: 10_000 });
    service.vm.print("x".repeat(LIMIT - 3));
    for (const character of "needle..") service.vm.print(character);
    service.vm.print("\n");
    expect((await wait).groups).toEqual(["needle"]);
  });

  test("begins and ends once", async () => {
    const { vm, service } = await running();
    service.vm.print(`${"x".repeat(LIMIT)}needle${"y".repeat(LIMIT - 6)}last\n`);
    for (const pattern of [/^needle/, /y$/, /\bneedle/]) {
      await expect(vm.waitForConsole(pattern, SOON)).rejects.toMatchObject({ code: "CONSOLE_TIMEOUT" });
    }
    for (const pattern of [/^x/, /last$/, /yyylast/]) await vm.waitForConsole(pattern, SOON);
  });

  test("does not run into other lines, nor into the other stream", async () => {
    const { vm, service } = await running();
    service.vm.print(`${"x".repeat(LIMIT - 3)}nee`);
    service.vm.log("dle in the log\n");
    service.vm.print("\ndle\n");
    await expect(vm.waitForConsole("needle", SOON)).rejects.toMatchObject({ code: "CONSOLE_TIMEOUT" });
  });

  test.each([
    [/key=(\w+)/, ["key=123456", "123456"]],
    [/a+$/, undefined],
    [/needle/, ["needle"]],
  ])("is matched by %p as a whole, wherever it is cut", (pattern, groups) => {
    const search = new LineSearch(pattern);
    const pieces = [
      ["key=12", "first"],
      ["34", "middle"],
      ["56 nee", "middle"],
      ["dle aaaa", "middle"],
      ["aab", "last"],
    ] as const;
    const found = pieces.flatMap(([text, piece]) => {
      const match = search.match({ text, piece, stream: "console", atMs: 0, run: 1, sequence: 0 } as never);
      return match === undefined ? [] : [match];
    });
    expect(found[0]).toEqual(groups);
  });

  test("is looked through once, whatever of it matches", () => {
    // Each beginning tried again would be some thousand million steps.
    for (const pattern of [/[0-9a-f]+/, /.+/, /\w+$/]) {
      const search = new LineSearch(pattern);
      for (const piece of ["first", "middle", "middle"] as const) {
        expect(search.match({ text: "a".repeat(LIMIT), piece, stream: "console" } as never)).toBeUndefined();
      }
      expect(search.match({ text: "a", piece: "last", stream: "console" } as never)).toBeDefined();
    }
  });

  test("counts in each piece only once", () => {
    const search = new LineSearch(/o+/);
    const line = { stream: "console", atMs: 0, run: 1, sequence: 0 } as const;
    const seen = [
      search.match({ ...line, text: "foo bar", piece: "first" }),
      search.match({ ...line, text: "bar", piece: "middle" }),
      search.match({ ...line, text: "zoom", piece: "last" }),
    ];
    expect(seen).toEqual([["oo"], undefined, ["oo"]]);
  });

  test("shows a panic of the kernel across the cut", async () => {
    const { vm, service } = await running();
    service.vm.print(`${"x".repeat(LIMIT - 20)}[    1.234567] Kernel panic - not syncing: x${"y".repeat(LIMIT)}\n`);
    expect(vm.boot.trouble?.kind).toBe("kernel-panic");
  });

  test("is cut in messages, which stay short", async () => {
    const { vm, service } = await running();
    for (let count = 0; count < 100; count++) service.vm.print(`${count} hello ${"x".repeat(200_000)}\n`);
    service.vm.fail("e".repeat(200_000));
    const error = (await vm.waitForConsole("help hello", SOON).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain("characters)");
    expect(error.message.length).toBeLessThan(30_000);
    const pattern = new RegExp("y".repeat(10_000));
    const long = (await vm.waitForConsole(pattern, SOON).catch((thrown: unknown) => thrown)) as Error;
    expect(long.message.length).toBeLessThan(30_000);
  });
});

describe("lines of microdroid_manager, which writes to console and log", () => {
  // As a VM of the emulated device printed them; Android's log is `logcat -v threadtime`'s, too.
  const CONSOLE = [
    "[    0.412345] Run /init as init process",
    "[    0.512345] microdroid_manager[1]: started.",
    "[    0.612345][    T1] microdroid_manager[1]: payload verification successful. took 12ms",
    "[    0.712345] microdroid_manager[1]: started.",
  ];
  const LOG = [
    "01-01 00:00:00.512     1     1 I microdroid_manager: started.",
    "01-01 00:00:00.612     1     1 I microdroid_manager: payload verification successful. took 12ms",
    "01-01 00:00:00.650     1     1 I microdroid_manager: only in the log",
  ];

  async function message(print: (service: MemoryService) => void): Promise<string> {
    const { vm, service } = await running();
    print(service);
    const error = (await vm.waitForConsole("nothing like it", SOON).catch((thrown: unknown) => thrown)) as Error;
    return error.message;
  }

  test.each([
    ["console first", ["print", "log"]],
    ["log first", ["log", "print"]],
  ] as const)("are told once, with both streams named: %s", async (_name, order) => {
    const text = await message(({ vm }) => {
      for (const stream of order) vm[stream]((stream === "print" ? CONSOLE : LOG).map((line) => `${line}\n`).join(""));
    });
    expect(text.match(/payload verification successful/g)).toHaveLength(1);
    expect(text).toMatch(/s console, log\] \[ {4}0\.612345\]\[ {4}T1\] microdroid_manager\[1\]: payload verification/);
    // The second one came on the console alone.
    expect(text.match(/microdroid_manager\[1\]: started\./g)).toHaveLength(2);
    expect(text.match(/console, log\]/g)).toHaveLength(2);
    expect(text).toMatch(/s log {4}\] .* only in the log/);
    expect(text).toMatch(/s console\] .* Run \/init/);
  });

  test("what one stream prints twice is shown twice", async () => {
    const text = await message(({ vm }) => vm.print("tick\ntick\n"));
    expect(text.match(/tick/g)).toHaveLength(2);
  });
});
