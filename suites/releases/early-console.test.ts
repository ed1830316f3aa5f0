import { DEBUG_LEVEL_FULL, expect, test } from "jest-avf";

test("an early console shows the kernel's first lines, or is refused by name", async ({ app, vmm }) => {
  const config = app.vmConfig("assets/vm_config.json").setDebugLevel(DEBUG_LEVEL_FULL).build();
  const vm = await vmm.create("vm1", config);
  if (app.context.capabilities?.tool.runApp.has("--enable-earlycon") !== true) {
    await expect(vm.run({ earlyConsole: true })).rejects.toThrow("An early console is not supported");
    expect(vm).toHaveTransitions(["STOPPED"]);
    return;
  }
  await vm.run({ earlyConsole: true });
  // The rest of the boot is slow on such a console, and shows nothing new.
  await expect(vm).toPrintInOrder(["Linux version", "earlycon: uart8250"]);
});
