/** What a run asks of the service, and what its failures look like. */
import { describe, expect, test } from "@jest/globals";
import { known } from "../testing/memory-service.js";
import { outcomeOf } from "../testing/outcome.js";
import { setUp } from "../testing/run-setup.js";

describe("the end of a run", () => {
  test("stop: the service kills, onStopped says KILLED, the scratch folder goes", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    expect(await service.files.exists(service.vm.config.scratchPath)).toBe(true);
    await vm.stop();
    expect(vm.transitions.at(-1)).toMatchObject({
      status: "STOPPED",
      cause: { kind: "stop", reason: known("KILLED") },
    });
    expect(await service.files.exists(service.vm.config.scratchPath)).toBe(false);
  });

  test("by itself", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.die("CRASH");
    expect(vm.transitions.at(-1)).toMatchObject({ status: "STOPPED", cause: { kind: "died", reason: known("CRASH") } });
  });

  test("a stop that the service refuses is a VirtualMachineException, and the VM runs on", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.stop = () => Promise.reject(new Error("vm: still listed"));
    expect(await outcomeOf(() => vm.stop())).toBe("STOP_FAILED: failed to stop VM: vm: still listed");
    expect(await outcomeOf(() => vm.close())).toBe("STOP_FAILED: failed to stop VM: vm: still listed");
    expect(vm.status).toBe("RUNNING");
  });

  test("close() does not mind that the VM died just now", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.stop = () => {
      service.vm.die("CRASH");
      return Promise.reject(new Error("VM is not running"));
    };
    await vm.close();
    await vm.close();
    expect(vm.status).toBe("STOPPED");
  });

  test("await using", async () => {
    const { vm, service } = await setUp();
    {
      await using running = vm;
      await running.run();
    }
    expect(service.vm.state()).toBe("DEAD");
    expect(vm.status).toBe("STOPPED");
  });

  test("a VM that dies within its start has run all the same", async () => {
    const { vm, service } = await setUp();
    service.onStart = (run) => {
      run.started();
      run.print("bye\n");
      run.die("SHUTDOWN");
    };
    await vm.run();
    expect(vm.transitions.map(({ status }) => status)).toEqual(["STOPPED", "RUNNING", "STOPPED"]);
    expect(vm.events.history.map(({ event }) => event.kind)).toEqual(["state", "state", "payload-started", "died"]);
    const times = [...vm.transitions.map(({ atMs }) => atMs)];
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});
