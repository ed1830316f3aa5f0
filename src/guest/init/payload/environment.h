/* What every program of the VM finds in its environment. */
#ifndef GUEST_ENVIRONMENT_H
#define GUEST_ENVIRONMENT_H

#define COMMON_ENVIRONMENT                                                                                             \
  "PATH=/system/bin", "HOME=/data/local/tmp", "TMPDIR=/tmp", "ANDROID_DATA=/data", "ANDROID_ROOT=/system"

#endif
