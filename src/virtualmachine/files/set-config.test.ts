import { describe, expect, test } from "@jest/globals";
import { builder, ROOT, setUp, strangerTo } from "../testing/manager-setup.js";
import { outcomeOf } from "../testing/outcome.js";

describe("setConfig", () => {
  test("writes the new config and returns the old one", async () => {
    const setup = setUp();
    const vm = await setup.manager.create("vm1", setup.config);
    const bigger = builder(setup.context)
      .setMemoryBytes(1 << 28)
      .build();
    expect(await vm.setConfig(bigger)).toBe(setup.config);
    expect(vm.getConfig()).toBe(bigger);
    expect((await strangerTo(setup).get("vm1"))?.getConfig().getMemoryBytes()).toBe(1 << 28);
  });

  test("writes nothing when the config is the one it has", async () => {
    const { manager, config, service } = setUp();
    const vm = await manager.create("vm1", config);
    service.files.calls.length = 0;
    expect(await vm.setConfig(config)).toBe(config);
    expect(service.files.calls).toEqual([`exists ${ROOT}`]);
  });

  test("keeps entries of a later release", async () => {
    const setup = setUp();
    await setup.manager.create("vm1", setup.config);
    const { files } = setup.service;
    const xml = String(await files.read(`${ROOT}/config.xml`));
    await files.write(`${ROOT}/config.xml`, xml.replace("</bundle>", '<int name="later" value="7" />\n</bundle>'));
    const vm = await strangerTo(setup).get("vm1");
    await vm?.setConfig(builder(setup.context).setMemoryBytes(1).build());
    expect(String(await files.read(`${ROOT}/config.xml`))).toContain('<int name="later" value="7" />');
  });

  test("keeps the old config when the new one cannot be written", async () => {
    const { manager, config, context, service } = setUp();
    const vm = await manager.create("vm1", config);
    service.files.failOnce("write", /config/, new Error("No space left on device"));
    const attempt = vm.setConfig(builder(context).setMemoryBytes(1).build());
    expect(await outcomeOf(() => attempt)).toBe("CONFIG_WRITE_FAILED: failed to write VM config");
    expect(vm.getConfig()).toBe(config);
  });

  test("refuses null", async () => {
    const { manager, config } = setUp();
    const vm = await manager.create("vm1", config);
    expect(await outcomeOf(() => vm.setConfig(null as never))).toBe("NULL_ARGUMENT: config must not be null");
  });
});
