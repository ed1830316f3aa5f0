import { describe, expect, jest, test } from "@jest/globals";
import { decorate } from "./decorate.js";

interface Door extends AsyncDisposable {
  readonly name: string;
  readonly open: boolean;
  knock(times: number, how?: string): Promise<string>;
  look(): string;
  close(): Promise<void>;
}

/** As devices and services are: private fields, getters, methods that call others. */
class RealDoor implements Door {
  #open = true;
  readonly calls: string[] = [];

  constructor(readonly name: string) {}

  get open(): boolean {
    return this.#open;
  }

  async knock(times: number, how = "softly"): Promise<string> {
    this.#note("knock");
    return `${this.name}: ${times} times ${how}`;
  }

  look(): string {
    this.#note("look");
    return this.name;
  }

  async close(): Promise<void> {
    this.#note("close");
    this.#open = false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #note(call: string): void {
    if (!this.#open) throw new Error(`${this.name} is closed`);
    this.calls.push(call);
  }
}

class PaintedDoor extends RealDoor {
  override look(): string {
    return `painted ${super.look()}`;
  }
}

test("methods of a decorated object can be spied on", async () => {
  const door = decorate<Door, never>(new RealDoor("front"), {});
  const spy = jest.spyOn(door, "knock").mockResolvedValue("nobody");
  expect(await door.knock(1)).toBe("nobody");
  spy.mockRestore();
  expect(await door.knock(1)).toBe("front: 1 times softly");
});

describe("a decorated object", () => {
  test("has the methods and getters of its target, of its classes too, which find their private fields", async () => {
    const target = new PaintedDoor("a");
    const door = decorate(target as Door, {});
    expect(door.look()).toBe("painted a");
    expect(await door.knock(2, "loudly")).toBe("a: 2 times loudly");
    expect([door.name, door.open]).toEqual(["a", true]);
    await target.close();
    expect(door.open).toBe(false);
    expect(() => door.look()).toThrow("a is closed");
    await expect(door.knock(1)).rejects.toThrow("a is closed");
  });

  test("has what replaces a member in its place, and the target is as it was", async () => {
    const target = new RealDoor("a");
    const door = decorate(target as Door, {
      knock: async (times, how) => `${how ?? "not"} ${await target.knock(times)}`,
    });
    expect(await door.knock(1)).toBe("not a: 1 times softly");
    expect(await target.knock(1)).toBe("a: 1 times softly");
    expect(door.look()).toBe("a");
  });

  test("methods can be taken out of it", async () => {
    const { knock, look } = decorate(new RealDoor("a") as Door, {});
    expect([await knock(1), look()]).toEqual(["a: 1 times softly", "a"]);
  });

  test("getters that replace members are asked each time", () => {
    let open = true;
    const door = decorate(new RealDoor("a") as Door, {
      get open() {
        return open;
      },
    });
    expect(door.open).toBe(true);
    open = false;
    expect(door.open).toBe(false);
  });

  test("is disposed of as its target is", async () => {
    const target = new RealDoor("a");
    {
      await using door = decorate(target as Door, {});
      expect(door.open).toBe(true);
    }
    expect(target.calls).toEqual(["close"]);
    expect(target.open).toBe(false);
  });

  test("can be decorated again, and so can a literal, and what is frozen", async () => {
    const calls: string[] = [];
    const literal = Object.freeze({ name: "a", knock: async (): Promise<void> => void calls.push("literal") });
    const once = decorate(literal, {
      knock: async () => {
        calls.push("once");
        await literal.knock();
      },
    });
    const twice = decorate(once, {
      knock: async () => {
        calls.push("twice");
        await once.knock();
      },
    });
    await twice.knock();
    expect([twice.name, calls]).toEqual(["a", ["twice", "once", "literal"]]);
  });

  test("has what is added to it, and nothing else: it is no promise", async () => {
    const door = decorate(new RealDoor("a") as Door, {}, { adds: { paint: (colour: string) => `${colour} paint` } });
    expect([door.paint("red"), door.name]).toEqual(["red paint", "a"]);
    expect("then" in door).toBe(false);
    expect(await Promise.resolve(door)).toBe(door);
  });

  test("goes on with another target, also methods that were taken out before", async () => {
    let current: Door = new RealDoor("a");
    const door = decorate(current, {}, { current: () => current });
    const { knock } = door;
    current = new PaintedDoor("b");
    expect([door.look(), door.name, await knock(1)]).toEqual(["painted b", "b", "b: 1 times softly"]);
  });

  test("takes no member that its target does not have", () => {
    const target: Door = new RealDoor("a");
    // @ts-expect-error -- misspelt, it would replace nothing
    decorate(target, { nock: async () => "a" });
    // @ts-expect-error -- of another type
    decorate(target, { look: () => 1 });
    expect(target.look()).toBe("a");
  });
});

describe("around", () => {
  test("is there for each call that nothing replaces, and may refuse it", async () => {
    const target = new RealDoor("a");
    const names: string[] = [];
    const door = decorate(
      target as Door,
      { look: () => "nothing" },
      {
        around: (call, name) => {
          names.push(name);
          return name === "close" ? Promise.reject(new Error("stays open")) : call();
        },
      },
    );
    expect([await door.knock(3, "gently"), door.look()]).toEqual(["a: 3 times gently", "nothing"]);
    await expect(door.close()).rejects.toThrow("stays open");
    expect([names, target.calls]).toEqual([["knock", "close"], ["knock"]]);
  });

  test("gets what a method throws as a rejection", async () => {
    const target = {
      run: (): Promise<void> => {
        throw new Error("thrown at once");
      },
    };
    const seen: unknown[] = [];
    const decorated = decorate(
      target,
      {},
      { around: (call) => call().catch((error: unknown) => Promise.reject(keep(error))) },
    );
    const keep = (error: unknown): Error => {
      seen.push(error);
      return new Error("seen");
    };
    await expect(decorated.run()).rejects.toThrow("seen");
    expect(seen).toEqual([new Error("thrown at once")]);
    expect(() => decorate(target, {}).run()).toThrow("thrown at once");
  });

  test("is for methods that return promises only", async () => {
    const target: Door = new RealDoor("a");
    const around = <V>(call: () => Promise<V>): Promise<V> => call();
    // @ts-expect-error -- look() returns none, and would
    const door = decorate(target, {}, { around });
    expect(await (door.look() as unknown)).toBe("a");
  });
});
