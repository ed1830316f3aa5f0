/**
 * Turns the software breakpoints that gdb asks a stub for into hardware ones, in the bytes of gdb's remote protocol.
 *
 * A software breakpoint is a trap instruction in the guest's memory, and only some monitors see that trap: crosvm's stub has
 * no such breakpoints, so gdb would write the trap by itself; and a processor that QEMU emulates takes `int3` in a nested
 * guest for an `INT n`, asks whether that is intercepted and not whether #BP is, and so it goes to the guest's kernel. Either
 * way the kernel dies of it. Hardware breakpoints work with both, also before the guest has set up paging.
 */
import { Transform, type TransformCallback } from "node:stream";

const DOLLAR = 0x24;
const HASH = 0x23;
/** Of `Z0,ADDRESS,KIND` (insert) and `z0,ADDRESS,KIND` (remove): the kind of breakpoint is the second byte. */
const INSERT_OR_REMOVE = [0x5a, 0x7a];
const SOFTWARE = 0x30;
const HARDWARE = 0x31;
const COMMA = 0x2c;

/** For what gdb sends. All else goes through as it is, whatever it is. */
export function hardwareBreakpoints(): Transform {
  const filter = new PacketFilter();
  return new Transform({
    transform: (chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) => {
      done(null, Buffer.from([...chunk].flatMap((byte) => filter.next(byte))));
    },
  });
}

type State = "between" | "head" | "body" | "checksum";

/** A packet is `$BODY#XX`, with neither character in BODY, and XX the sum of its bytes modulo 256. */
class PacketFilter {
  #state: State = "between";
  #held: number[] = [];
  #isChanged = false;

  /** What can be sent on now. */
  next(byte: number): readonly number[] {
    switch (this.#state) {
      case "between":
        if (byte === DOLLAR) this.#enter("head");
        return [byte];
      case "head":
        return this.#head(byte);
      case "body":
        if (byte === HASH) this.#enter(this.#isChanged ? "checksum" : "between");
        return [byte];
      case "checksum":
        return this.#checksum(byte);
    }
  }

  #enter(state: State): void {
    this.#state = state;
    this.#held = [];
  }

  /** The first three bytes tell. */
  #head(byte: number): readonly number[] {
    const head = [...this.#held, byte];
    this.#held = head;
    const [first = 0, kind = SOFTWARE, comma = COMMA] = head;
    const mayBe = INSERT_OR_REMOVE.includes(first) && kind === SOFTWARE && comma === COMMA;
    if (mayBe && head.length < 3) return [];
    this.#isChanged = mayBe;
    this.#enter(byte === HASH ? "between" : "body");
    return mayBe ? [first, HARDWARE, COMMA] : head;
  }

  /** One byte is larger by one, and so is the sum. */
  #checksum(byte: number): readonly number[] {
    this.#held.push(byte);
    if (this.#held.length < 2) return [];
    const text = Buffer.from(this.#held).toString("latin1");
    const sum = /^[0-9a-f]{2}$/i.test(text) ? Number.parseInt(text, 16) + HARDWARE - SOFTWARE : undefined;
    this.#enter("between");
    return [...Buffer.from(sum === undefined ? text : (sum & 0xff).toString(16).padStart(2, "0"), "latin1")];
  }
}
