import { describe, expect, test } from "@jest/globals";
import type { Device } from "../../device/index.js";
import { Undo, type UndoStep } from "./undo.js";

/** Notes its commands; those that name a path of `stuck` fail. */
function fakeDevice(stuck: readonly string[] = []): { readonly commands: string[]; readonly device: Device } {
  const commands: string[] = [];
  const run = async (argv: readonly string[]): Promise<void> => {
    commands.push(argv.join(" "));
    const path = argv.find((each) => stuck.includes(each));
    if (path !== undefined) throw new Error(`${path} is read-only`);
  };
  return { commands, device: { exec: run, execUnchecked: run } as unknown as Device };
}

const file = (path: string): UndoStep => ({ kind: "remove-file", path });
const folders = (...paths: string[]): UndoStep => ({ kind: "remove-empty-folders", paths });

describe("undoing", () => {
  test("is last in, first out, with one command for steps that are alike", async () => {
    const { device, commands } = fakeDevice();
    const undo = new Undo(device, undefined);
    for (const step of [folders("/a"), folders("/a/b", "/a/c"), file("/a/b/1"), file("/a/c/2"), folders("/d")]) {
      undo.add(step);
    }
    await undo.run();
    expect(commands).toEqual(["rmdir /d", "rm -f /a/c/2 /a/b/1", "rmdir /a/b /a/c /a"]);
    await undo.run();
    expect(commands).toHaveLength(3);
  });

  test("what fails with others is done alone, named, and left for another call", async () => {
    const { device, commands } = fakeDevice(["/2"]);
    const undo = new Undo(device, undefined);
    for (const path of ["/1", "/2", "/3"]) undo.add(file(path));
    await expect(undo.run()).rejects.toThrow("/2 is read-only");
    expect(commands).toEqual(["rm -f /3 /2 /1", "rm -f /3", "rm -f /2", "rm -f /1"]);
    await expect(undo.run()).rejects.toThrow("/2 is read-only");
    expect(commands.slice(4)).toEqual(["rm -f /2"]);
  });

  test("a command line stays short, however many there are", async () => {
    const { device, commands } = fakeDevice();
    const undo = new Undo(device, undefined);
    for (let at = 0; at < 70; at++) undo.add(file(`/${at}`));
    await undo.run();
    expect(commands.map((command) => command.split(" ").length - 2)).toEqual([32, 32, 6]);
  });
});
