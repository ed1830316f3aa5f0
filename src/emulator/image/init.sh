#!/system/bin/sh
# init of the emulated device: file systems, network, then avfd (which owns packages, properties and VMs) and adbd.
export PATH=/system/bin:/system/xbin:/apex/com.android.virt/bin:/usr/bin
export HOME=/ TMPDIR=/data/local/tmp ANDROID_ROOT=/system ANDROID_DATA=/data

mkdir -p /dev/pts /dev/shm /dev/socket /dev/virtio-ports
mount -t devpts -o mode=0620,gid=5,ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=0755 tmpfs /run
# Memory of VMs that others are copied from, in large pages, which are taken from all memory as they are wanted.
mkdir -p /run/avfd/vm-templates/memory && chmod 0700 /run/avfd/vm-templates
mount -t hugetlbfs -o mode=0700,pagesize=2M hugetlbfs /run/avfd/vm-templates/memory
echo 1024 >/proc/sys/vm/nr_overcommit_hugepages
# Root for adb's shell, as a userdebug build has it; with the owner that a file of the image cannot have.
mount -t tmpfs -o mode=0755 tmpfs /system/xbin && cp /system/avfd/su /system/xbin/su
chown 0:2000 /system/xbin/su && chmod 4750 /system/xbin/su
mount -t ext4 -o noatime,nodev,nosuid /dev/vdb /data || echo "emulated device: no data disk" >/dev/ttyS0
chmod 0666 /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/ptmx
chmod 0755 /dev/socket
hostname localhost

mkdir -p /data/local/tmp /data/app /data/system /data/user/0 /data/misc/virtualizationservice/common /data/tombstones /data/misc/adb
chown 2000:2000 /data/local/tmp && chmod 0771 /data/local /data/local/tmp
chown 0:2000 /data/misc/adb && chmod 0750 /data/misc/adb
chown 0:0 /data && chmod 0771 /data /data/app /data/user /data/user/0 /data/misc

ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up

# Of a device with an idle processor (src/emulator/machine/arguments.ts): those that programs have are all that there are.
if grep -q isolcpus=0 /proc/cmdline; then
  mkdir -p /run/avfd/cpus
  sed 's/^0-/1-/' /sys/devices/system/cpu/possible >/run/avfd/cpus/list
  for list in possible present online; do mount --bind /run/avfd/cpus/list /sys/devices/system/cpu/$list; done
  awk '$1 == "processor" { number = $3 } number != 0' /proc/cpuinfo >/run/avfd/cpus/cpuinfo
  mount --bind /run/avfd/cpus/cpuinfo /proc/cpuinfo
fi

# The host's way in for what adb cannot do: clock, entropy, freezing VMs around a snapshot.
for port in /sys/class/virtio-ports/*; do
  [ "$(cat "$port/name" 2>/dev/null)" = avf.control ] && ln -sf "/dev/${port##*/}" /dev/virtio-ports/avf.control
done

forever() {
  while :; do
    "$@"
    echo "emulated device: $1 ended with code $?, starting it again" >/dev/ttyS0
    sleep 1
  done
}

# adbd's messages, for the log. Held open here, so that neither side has to wait for the other.
mkfifo -m 0600 /run/avfd/adbd.log
exec 9<>/run/avfd/adbd.log

forever node --max-old-space-size=256 /system/avfd/avfd.cjs </dev/null >/dev/ttyS0 2>&1 9>&- &

# As on a phone, adb's shells are uid 2000 and may write to /data/local/tmp only, until `adb root`.
export ENV=/system/etc/mkshrc ADBD_PORT=5555 SHELL=/system/bin/sh HOSTNAME=localhost
# avfd writes it when service.adb.root is set; adbd ends by itself when it is to be somebody else.
adbd_user() {
  user=
  [ ! -e /run/avfd/adbd.user ] || read -r user </run/avfd/adbd.user
  [ "$user" = root ] || user=shell
}
# Through devctl, for this shell ignores SIGINT for what it puts in the background: Ctrl-C would reach no adb shell.
# What is preloaded asks whoever connects for a key, knows `adb root`, and ends connections to guests that were refused.
start_adbd() {
  as=
  adbd_user
  while [ "$as" != "$user" ]; do
    as=$user
    USER=$as LOGNAME=$as /system/avfd/devctl exec env LD_PRELOAD=/system/avfd/adbd.so \
      start-stop-daemon -S -q -c "$as:$as" -x /system/bin/adbd
    code=$?
    adbd_user
  done
  return $code
}
forever start_adbd </dev/null >&9 2>&1 9>&- &

echo "emulated device: init done" >/dev/ttyS0
while :; do wait; sleep 1; done
