/**
 * What the guest's kernel is told, so that a VM boots fast under nested emulation. Measured on the emulated device
 * (QEMU's TCG, KVM inside it), the same kernel and initramfs each time.
 */

/** Boot-time functions of the kernel that no VM of ours needs. A name that a kernel does not have is ignored by it. */
const skippedInitcalls = [
  // Symbols and probes for tracing.
  "init_kprobe_trace",
  "init_graph_trace",
  "tracer_init_tracefs",
  // Certificates of the distributor, and measuring of files: the payload is verified by dm-verity.
  "load_system_certificate_list",
  "init_ima",
  "init_evm",
  // Hardware that QEMU's microvm does not have.
  "i8042_init",
  "atkbd_init",
  "serio_init",
  "cmos_init",
  "vga_arb_device_init",
  "nvme_core_init",
  "cxl_core_init",
  // A congestion control whose registration reads all of the kernel's type information: 38 ms. Reno stays.
  "cubictcp_register",
  // A self-test that the parameter for self-tests does not reach: 12 ms.
  "crypto_kdf108_init",
  // Hibernation.
  "snapshot_device_init",
];

/**
 * Parameters that are the same for every VM, without console and debug parts.
 * @returns one parameter an element, none with a blank in it
 */
export function guestKernelParameters(): readonly string[] {
  return [
    // Each byte on an emulated serial port is an exit to the VMM: 1,000 lines took 15 s.
    "quiet",
    // Not 0: with that not even a panic says anything (console_verbose() in the kernel's printk.h).
    "loglevel=1",
    // Crypto self-tests were the slowest of all: 0.67 s.
    "cryptomgr.notests",
    `initcall_blacklist=${skippedInitcalls.join(",")}`,
    // The guest runs the payload of one owner: mitigations guard nothing here.
    "mitigations=off",
    // Only what the kernel has built in for every process: no profiles of AppArmor or TOMOYO are there to load.
    "lsm=",
    "audit=0",
    // QEMU's TCG, below KVM, describes this state wrongly; the kernel would complain at length and continue.
    "noxsaves",
    // A device-mapper table takes several grace periods; on one CPU an ordinary one lasts some ticks.
    "rcupdate.rcu_expedited=1",
    "no_timer_check",
    "random.trust_cpu=on",
    // Two ports, as in Microdroid: early console and the reason of a failure.
    "8250.nr_uarts=2",
    // A kernel that panics resets the machine at once; the way to do it is the monitor's to say.
    "panic=-1",
  ];
}
