/** The text that goes with a device package: what is in it, under which licences, and where its sources are. */
import { DEVICE_PACKAGES } from "../packages/sets.js";
import type { PackageFile } from "../packages/unpack.js";

export function deviceNotice(packages: readonly PackageFile[], license: string): string {
  const lines = packages.map(({ file, sha256 }) => {
    const [name = "", version = ""] = file.replace(/\.deb$/, "").split("_");
    return `| ${name} | ${decodeURIComponent(version)} | ${sha256} |`;
  });
  return `# What is in this package

\`device.br\` holds, as \`device.json\` lists them:

| file         | what it is                                                                                        |
| ------------ | ------------------------------------------------------------------------------------------------- |
| \`kernel\`     | Debian's Linux, uncompressed; runs the emulated device and its VMs                                |
| \`initrd.img\` | busybox, the kernel's modules for disks, network, KVM and vsock                                   |
| \`root.img\`   | the device: QEMU, adbd, Node, toybox, mksh, busybox, libraries, jest-avf's service; the VMs' own disk |
| \`data.img\`   | an empty file system                                                                              |
| \`emulator/\`  | QEMU and adb for the host, with libraries, loader and firmware                                    |

\`bin/host-helper\`, of jest-avf, starts programs that end with the process that started them, and locks files.

## Licences

The parts that are jest-avf's own are under ${license}. All others are files of Debian's packages below, unchanged but for
what the next paragraph says. Each package's licences are in \`licenses/<package>\`, as Debian states them; the texts of the
GPL and of other licences, which those refer to as \`/usr/share/common-licenses\`, are in \`licenses/common-licenses\`.
Packages of compilers and of tools made the rest, and have left nothing of their own in it but the parts of the C library
and of libgcc that programs are linked with.

Changed: modules of the VMs' kernel are without debug information and signatures; the kernel is unpacked from its bzImage;
in adbd eight bytes are different, so that it does not claim a feature of Android's own build.

## Sources

Of jest-avf's own parts: its package on npm, \`src/\`. Of each Debian package: \`apt-get source <package>=<version>\` on Debian
${DEVICE_PACKAGES.release} with \`deb-src\` in its sources. Of versions that the archive does not carry any more: Debian's
snapshot archive, which keeps all of them.

## Debian's packages (${DEVICE_PACKAGES.release}, amd64)

| package | version | SHA-256 of the file |
| ------- | ------- | ------------------- |
${lines.join("\n")}
`;
}
