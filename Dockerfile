# A container with all that jest-avf needs, for a clone of it or a project that uses it. Nothing in it needs root or
# privileges. The emulated device is built by the first run, in the volume /cache.
#
#   docker build -t jest-avf --build-arg UID="$(id -u)" .
#   docker run --rm -it -v "$PWD:/work" -v avf-cache:/cache jest-avf npm test
#
# Where the host has KVM it runs many times faster with:
#   --device /dev/kvm --group-add "$(stat -c %g /dev/kvm)"
FROM debian:trixie

# The lists stay: with them the first run finds Debian's archive, from which it builds the device. The second line is for the
# tests of jest-avf itself: a project that uses it does without.
RUN apt-get update \
  && apt-get install --no-install-recommends -y adb ca-certificates git nodejs npm \
    binutils e2fsprogs gcc libc6-dev procps xz-utils zstd

ARG UID=1000
# Root's uid, and those of the system's own accounts, are there already.
RUN useradd --create-home --non-unique --uid "$UID" user \
  && install -d -m 700 -o user -g user /cache /home/user/.cache /home/user/.cache/jest-avf \
  && install -d -o user -g user /work

ENV AVF_CACHE_DIR=/cache
USER user
WORKDIR /work
VOLUME /cache
CMD ["npm", "start"]
