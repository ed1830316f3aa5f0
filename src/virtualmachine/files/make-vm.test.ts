import { describe, expect, test } from "@jest/globals";
import { InfrastructureError } from "../../base/errors.js";
import { FEATURE_LLPVM_CHANGES } from "../constants.js";
import { VirtualMachineException } from "../errors.js";
import { MemoryService } from "../testing/memory-service.js";
import { builder, ROOT, setUp } from "../testing/manager-setup.js";
import { outcomeOf } from "../testing/outcome.js";

describe("create that fails half-way", () => {
  const broken = new InfrastructureError("DEVICE_FILE", "No space left on device");

  test.each<[string, (service: MemoryService) => void]>([
    ["failed to write VM config", ({ files }) => files.failOnce("write", /config\.xml$/, broken)],
    ["failed to create instance_id", ({ files }) => files.failOnce("write", /instance_id$/, broken)],
    ["failed to create instance partition", (service) => (service.failPartition = broken)],
    ["failed to create encrypted storage partition", ({ files }) => files.failOnce("write", /storage\.img$/, broken)],
    ["failed to create directory for VM", ({ files }) => files.failOnce("claimFolder", /vm1$/, broken)],
  ])("%s: leaves nothing, and a second try works", async (message, breakIt) => {
    const { manager, context, service } = setUp();
    service.features.add(FEATURE_LLPVM_CHANGES);
    const config = builder(context).setEncryptedStorageBytes(1).build();
    breakIt(service);
    expect(await outcomeOf(() => manager.create("vm1", config))).toBe(`CREATE_FAILED: ${message}`);
    expect(service.files.entries.has(ROOT)).toBe(false);
    service.failPartition = undefined;
    expect((await manager.create("vm1", config)).status).toBe("STOPPED");
  });

  test("names the VM, keeps the cause, and distinguishes a broken lab from a broken VM", async () => {
    const { manager, config, service } = setUp();
    service.failPartition = broken;
    const error: unknown = await manager.create("vm1", config).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(VirtualMachineException);
    expect(error).toMatchObject({ vmName: "vm1", cause: broken, kind: "infrastructure", suppressed: [] });
    service.failPartition = new Error("bad size");
    expect(await manager.create("vm1", config).catch((e: unknown) => e)).toMatchObject({ kind: "vm" });
  });

  test("keeps the first error and attaches that of the clean-up", async () => {
    const { manager, config, service } = setUp();
    const worse = new Error("rm: Read-only file system");
    service.failPartition = broken;
    service.files.failOnce("undoClaim", /vm1$/, worse);
    const error: unknown = await manager.create("vm1", config).catch((e: unknown) => e);
    expect(error).toMatchObject({
      shortMessage: "failed to create instance partition",
      cause: broken,
      suppressed: [worse],
    });
  });
});

describe("create, when another process deletes what is half made and takes its name", () => {
  /** What happens around the first attempt to make the image. */
  const aroundPartition = (
    service: MemoryService,
    around: (initialize: () => Promise<void>) => Promise<void>,
  ): void => {
    const initialize = service.initializeWritablePartition.bind(service);
    service.initializeWritablePartition = async (...partition) => {
      service.initializeWritablePartition = initialize;
      await around(() => initialize(...partition));
    };
  };
  const takeOver = async (files: MemoryService["files"]): Promise<void> => {
    await files.remove(ROOT);
    await files.claimFolder(ROOT, "theirs");
  };
  /** What the create comes to, and what the other process wrote. */
  const race = async (failure?: Error): Promise<{ outcome: string; theirConfig: string }> => {
    const { manager, config, service } = setUp();
    const { files } = service;
    aroundPartition(service, async (initialize) => {
      await takeOver(files);
      if (failure) throw failure;
      await initialize();
      await files.write(`${ROOT}/config.xml`, "theirs");
    });
    const outcome = await outcomeOf(() => manager.create("vm1", config));
    expect(files.entries.has(ROOT)).toBe(true);
    expect(await files.keepClaim(ROOT, "theirs")).toBe(true);
    return { outcome, theirConfig: String(await files.read(`${ROOT}/config.xml`)) };
  };

  test("does not take the other's VM for its own", async () => {
    const { outcome, theirConfig } = await race();
    expect(outcome).toBe("CREATE_FAILED: another process deleted the virtual machine while it was made");
    expect(theirConfig).toBe("theirs");
  });

  test("takes the place of an image that a run of the VM before it has made in its folder", async () => {
    const { manager, config, service } = setUp();
    const { files } = service;
    aroundPartition(service, async (initialize) => {
      await files.write(`${ROOT}/instance.img`, "of a run that was late");
      await initialize();
    });
    const vm = await manager.create("vm1", config);
    expect(vm.status).toBe("STOPPED");
    expect(String(await files.read(`${ROOT}/instance.img`))).toBe("instance 10485760");
  });

  test("leaves an image where it is that the other has made in its own folder", async () => {
    const { manager, config, service } = setUp();
    const { files } = service;
    aroundPartition(service, async (initialize) => {
      await takeOver(files);
      await files.write(`${ROOT}/instance.img`, "theirs");
      await initialize();
    });
    const outcome = await outcomeOf(() => manager.create("vm1", config));
    expect(outcome).toBe("CREATE_FAILED: failed to create instance partition");
    expect(String(await files.read(`${ROOT}/instance.img`))).toBe("theirs");
  });

  test("undoes nothing of the other's when a step fails", async () => {
    const { outcome } = await race(new Error("No such file or directory"));
    expect(outcome).toBe("CREATE_FAILED: failed to create instance partition");
  });
});
