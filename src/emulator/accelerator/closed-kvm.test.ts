import { expect, test } from "@jest/globals";
import { explainClosed } from "./closed-kvm.js";

const groups = "root:x:0:\nkvm:x:108:user\nvirt:x:36:\nnogroup:x:65534:\n";
const debian = { code: "EACCES", uid: 0, gid: 108, mode: 0o20660, module: "kvm_amd", groups };

test.each([
  ["of Debian's group", {}, "belongs to group kvm, and `sudo usermod -aG kvm $USER` lets them in from the next login"],
  ["of a group with another name", { gid: 36 }, "belongs to group virt, and `sudo usermod -aG virt $USER`"],
  ["of a group without a name, as in a container", { gid: 992 }, "group 992, and `--group-add 992` starts a container"],
  ["in a user namespace without its group", { gid: 65534, uid: 65534 }, "`--group-add keep-groups`"],
  ["of root alone", { gid: 0, mode: 0o20600 }, "(uid 0, gid 0, mode 600), and `sudo chmod 666 /dev/kvm`"],
  ["of root's group", { gid: 0 }, "(uid 0, gid 0, mode 660), and `sudo chmod 666 /dev/kvm`"],
  ["that its group may only read", { mode: 0o20640 }, "(uid 0, gid 108, mode 640), and `sudo chmod 666 /dev/kvm`"],
  ["that the container does not list", { code: "EPERM" }, "`--device /dev/kvm` starts one that may"],
  ["without a module", { code: "ENODEV" }, "no KVM behind it (ENODEV); `sudo modprobe kvm_amd` may bring it"],
  ["without a CPU for it", { code: "ENXIO", module: undefined }, "(ENXIO); the CPU shows no virtualisation"],
  ["that fails otherwise", { code: "EBUSY" }, "/dev/kvm cannot be opened (EBUSY)"],
])("a /dev/kvm %s", (_what, change, words) => {
  expect(explainClosed({ ...debian, ...change })).toContain(words);
});
