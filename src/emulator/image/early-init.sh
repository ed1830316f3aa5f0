#!/bin/busybox sh
# First program of the emulated device, in its initramfs: the kernel has no disk driver built in, so load it, mount the
# real root and go on there.
B=/bin/busybox
$B mount -t proc proc /proc
$B mount -t sysfs sysfs /sys
$B mount -t devtmpfs dev /dev
# A trial of an accelerator has come this far.
$B grep -q avf.probe /proc/cmdline && echo "AVF-PROBE init" >/dev/ttyS0
# KVM's module for the other maker of CPUs is large, and the kernel would refuse it: twice, for insmod has two ways.
$B grep -qw svm /proc/cpuinfo && other=kvm_intel.ko
$B grep -qw vmx /proc/cpuinfo && other=kvm_amd.ko
while read -r module; do [ "$module" = "$other" ] || $B insmod "/modules/$module" 2>/dev/null; done </modules/order

if $B grep -q avf.probe /proc/cmdline; then
  # A trial of an accelerator: say whether VMs could run inside, and end.
  [ -c /dev/kvm ] && nested=yes || nested=no
  echo "AVF-PROBE nested=$nested" >/dev/ttyS0
  $B reboot -f
fi

$B mount -t ext4 -o ro,noatime /dev/vda /root || { echo "emulated device: no root disk" >/dev/ttyS0; $B reboot -f; }
for folder in proc sys dev; do $B mount --move /$folder /root/$folder; done
exec $B switch_root /root /system/etc/init.sh
