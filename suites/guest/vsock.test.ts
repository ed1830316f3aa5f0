import { connect } from "node:net";
import { expect } from "jest-avf";
import { ask, askOn, echoApk, ECHO_PORT, echoConfig, received } from "./support/echo-vm";
import { test } from "./support/guest-test";

const NOBODYS_PORT = 4711;

test("servers in a VM are reached from the host, and clients in it reach the service of their own VM only", async ({
  app,
  vmm,
  shelf,
}) => {
  const config = echoConfig(app, await shelf.put("echo", await echoApk())).build();
  const vm1 = await vmm.create("vm1", config);
  const vm2 = await vmm.create("vm2", config);
  await Promise.all([vm1.run(), vm2.run()]);
  for (const vm of [vm1, vm2]) expect(await vm.waitFor("ready")).toEqual({ kind: "ready" });

  const socket = await vm1.connectVsock(ECHO_PORT);
  expect(await askOn(socket, "first")).toBe("tsrif");
  const long = Array.from({ length: 20_000 }, (_, i) => i % 10).join("");
  expect(await askOn(socket, long)).toBe([...long].reverse().join(""));
  socket.destroy();
  expect(await ask(vm1, "after another connection")).toBe("noitcennoc rehtona retfa");

  const [cid1, cid2] = [vm1.cid, vm2.cid].map(String);
  // The service of a VM listens on the port of its CID. It accepts reports, and this is not one.
  expect(await ask(vm1, `connect ${cid1} hello`)).toBe("error not a notification");
  expect(await ask(vm1, `connect ${cid2} hello`)).toBe("no answer");
  expect(await ask(vm2, `connect ${cid2} hello`)).toBe("error not a notification");
  expect(await ask(vm1, `connect ${NOBODYS_PORT} hello`)).toBe("no answer");
});

test("a port where nothing listens is refused; one that is about to listen is waited for; nothing is left behind", async ({
  app,
  vmm,
  device,
  shelf,
  signal,
}) => {
  const vm = await vmm.create("vm1", echoConfig(app, await shelf.put("echo", await echoApk())).build());
  await vm.run();
  // Long before its kernel runs.
  await expect(vm.connectVsock(ECHO_PORT)).toRejectWithCode("VSOCK_REFUSED");
  const socket = await vm.connectVsock(ECHO_PORT, { retryUntilMs: 120_000, signal });
  expect(await askOn(socket, "early")).toBe("ylrae");
  await expect(vm.connectVsock(NOBODYS_PORT)).toRejectWithKind("vm", "VSOCK_REFUSED");
  await expect(device.connect(`vsock:${vm.cid}:${NOBODYS_PORT}`)).toRejectWithKind("vm", "VSOCK_REFUSED");

  // adb accepts a connection to a forward by itself, and ends it then.
  const forward = await device.forward(`vsock:${vm.cid}:${NOBODYS_PORT}`);
  expect(await received(connect(forward.hostPort, "127.0.0.1"), () => true)).toBeUndefined();
  await forward.close();

  const closed = new Promise((resolve) => socket.once("close", resolve));
  const { cid } = vm;
  await vm.stop();
  await closed;
  await expect(device.connect(`vsock:${cid}:${ECHO_PORT}`)).toRejectWithCode("VSOCK_REFUSED");
});
