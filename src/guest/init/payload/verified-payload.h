/* The APKs of a VM, each behind dm-verity; nothing of them is read any other way. */
#ifndef GUEST_VERIFIED_PAYLOAD_H
#define GUEST_VERIFIED_PAYLOAD_H
#include "../../instance/identity.h"
#include "../../verity/apk-verity.h"
#include "../config/metadata.h"

struct verified_payload {
  int count;
  /* The payload's own, then the extra ones. */
  struct verified_apk apks[1 + MAX_EXTRA_APKS];
};

/* These end the VM when the payload cannot be trusted. */
void verified_payload_open(const struct metadata *metadata, struct verified_payload *payload);
/* Compares whole APKs with what their signers wrote. */
void verified_payload_check_contents(const struct verified_payload *payload);
/* Shows them at /mnt/apk and /mnt/extra-apk/<i>. */
void verified_payload_mount(const struct metadata *metadata, const struct verified_payload *payload);
/* What there is to remember of them: first what their signatures say, then what they contain. */
void verified_payload_measure(const struct verified_payload *payload, struct measurement *measurement);
void verified_payload_read_manifests(const struct verified_payload *payload, struct measurement *measurement);
#endif
