// Says what the payload API knows of DICE, one fact a line, then that it is ready, and stays.
#include <stdio.h>
#include <unistd.h>
#include <vm_payload.h>

static void say(const char *name, const unsigned char *bytes, size_t size) {
  printf("%s: ", name);
  for (size_t i = 0; i < size; i++) printf("%02x", bytes[i]);
  printf("\n");
}

int AVmPayload_main(void) {
  static unsigned char cdi[64], chain[8192], few[4];
  say("cdi", cdi, AVmPayload_getDiceAttestationCdi(cdi, sizeof cdi));
  size_t size = AVmPayload_getDiceAttestationChain(chain, sizeof chain);
  say("chain", chain, size);
  printf("chain size: %zu\n", size);
  printf("short: %zu\n", AVmPayload_getDiceAttestationChain(few, sizeof few));
  printf("new instance: %d\n", AVmPayload_isNewInstance());
  printf("rollback protection: %d\n", (int)AVmPayload_readRollbackProtectedSecret(few, sizeof few));
  printf("blocks: none\n");
  AVmPayload_notifyPayloadReady();
  for (;;) pause();
}
