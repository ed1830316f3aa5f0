#!/system/bin/sh
# What adbd runs for `adb root` and `adb unroot` (adbd-root.c). The texts are those of Android's adbd; a user build has no root.
to() {
  setprop service.adb.root "$1" && echo "restarting adbd as $2"
}
case "$1 $(id -u)" in
"root 0") echo "adbd is already running as root" ;;
"root "*)
  if [ "$(getprop ro.debuggable)" = 1 ]; then to 1 root; else echo "adbd cannot run as root in production builds"; fi
  ;;
"unroot 0") to 0 "non root" ;;
"unroot "*) echo "adbd not running as root" ;;
esac
