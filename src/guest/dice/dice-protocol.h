/* What microdroid_manager asks dice_chain for, on its stdin, and what that answers on its stdout. */
#ifndef GUEST_DICE_PROTOCOL_H
#define GUEST_DICE_PROTOCOL_H
#include <stdint.h>

#define DICE_HASH 64
#define DICE_CDI 32
#define DICE_MAX_DESCRIPTOR 6144
#define DICE_MAX_CHAIN 8192

/* The payload's part of the chain, as Microdroid's dice.rs measures it. */
struct dice_request {
  /* Of this VM alone: what the part below the payload has for its own CDI. */
  uint8_t secret[DICE_CDI];
  uint8_t os_hash[DICE_HASH];
  uint8_t code_hash[DICE_HASH];
  uint8_t authority_hash[DICE_HASH];
  uint8_t hidden[DICE_HASH];
  uint32_t debuggable;
  uint32_t descriptor_size;
  uint8_t descriptor[DICE_MAX_DESCRIPTOR];
};

struct dice_answer {
  uint8_t cdi_attest[DICE_CDI];
  uint32_t chain_size;
  uint8_t chain[DICE_MAX_CHAIN];
};
#endif
