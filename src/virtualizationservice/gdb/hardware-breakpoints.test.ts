import { expect, test } from "@jest/globals";
import { hardwareBreakpoints } from "./hardware-breakpoints.js";

/** As gdb frames it. */
function packet(body: string): string {
  const sum = [...Buffer.from(body, "latin1")].reduce((a, b) => a + b, 0) & 0xff;
  return `$${body}#${sum.toString(16).padStart(2, "0")}`;
}

async function send(bytes: string, chunkBytes: number): Promise<string> {
  const filter = hardwareBreakpoints();
  const all = Buffer.from(bytes, "latin1");
  for (let at = 0; at < all.length; at += chunkBytes) filter.write(all.subarray(at, at + chunkBytes));
  filter.end();
  const received: Buffer[] = [];
  for await (const chunk of filter) received.push(chunk as Buffer);
  return Buffer.concat(received).toString("latin1");
}

test.each([1, 2, 3, 1000])("software breakpoints become hardware ones, in chunks of %s bytes", async (chunkBytes) => {
  const said = ["+", packet("Z0,ffffffff8134a5c0,1"), "+\x03", packet("z0,0,1"), packet("Z0,f,1;X3,220127"), "+"];
  const meant = ["+", packet("Z1,ffffffff8134a5c0,1"), "+\x03", packet("z1,0,1"), packet("Z1,f,1;X3,220127"), "+"];
  expect(await send(said.join(""), chunkBytes)).toBe(meant.join(""));
});

test("a checksum of ff becomes 00", async () => {
  const bodies = Array.from({ length: 256 }, (_, at) => `Z0,${"f".repeat(at)},1`);
  const all = (kind: string): string => bodies.map((body) => packet(body.replace("Z0", kind))).join("");
  expect(all("Z0")).toContain("#ff");
  expect(await send(all("Z0"), 1000)).toBe(all("Z1"));
});

test.each([
  ["other breakpoints and watchpoints", packet("Z1,1000,1") + packet("Z2,1000,8") + packet("z4,1000,8")],
  [
    "commands that begin alike",
    packet("Z") + packet("Z0") + packet("z0;") + packet("") + packet("vCont;c") + packet("Z00,1,1"),
  ],
  ["binary data with the same words", packet("X1000,4:Z0,}\x03") + packet("M1000,4:5a302c31")],
  ["what is no packet", "Z0,1,1 #00\x03++--"],
  ["a sum that is none", "$Q#zz+$Q"],
])("%s go through as they are", async (_what, bytes) => {
  for (const chunkBytes of [1, 4, 1000]) expect(await send(bytes, chunkBytes)).toBe(bytes);
});

test("packets with a wrong checksum are not corrected", async () => {
  expect(await send("$Z0,1,1#zz$Z0,1,1#", 3)).toBe("$Z1,1,1#zz$Z1,1,1#");
});
