/* The payload's attestation CDI, and the chain of certificates that vouches for it (microdroid_manager/src/dice.rs). */
#ifndef GUEST_DICE_H
#define GUEST_DICE_H
#include "../dice/dice-protocol.h"
#include "../init/config/config.h"
#include "../instance/identity.h"
#include <stdbool.h>

/* Of this payload; made at the first call. NULL when that failed, which the log tells. */
const struct dice_answer *dice_get(const struct identity *identity, const struct payload_config *config);
#endif
