/* The guest's cryptography on the host, for the unit tests: hexadecimal in, hexadecimal out.
 *
 *   crypto sha2 256|512 DATA [PIECE]       fed in pieces of that many bytes
 *   crypto hkdf SECRET SALT INFO SIZE
 *   crypto seal|open KEY NONCE ASSOCIATED DATA [TAG]
 */
#include "../crypto/aes-gcm.h"
#include "../crypto/kdf.h"
#include "../crypto/sha2.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
  uint8_t *data;
  size_t size;
};

static struct bytes from_hex(const char *text);
static int print(const uint8_t *data, size_t size);
static int digest(const char *kind, struct bytes data, size_t piece);

int main(int argc, char **argv) {
  struct bytes in[5] = {0};
  for (int i = 2; i < argc && i < 7; i++) in[i - 2] = from_hex(argv[i]);
  if (argc >= 4 && strcmp(argv[1], "sha2") == 0)
    return digest(argv[2], in[1], argc > 4 ? strtoul(argv[4], NULL, 10) : in[1].size);
  if (argc == 6 && strcmp(argv[1], "hkdf") == 0) {
    static uint8_t output[KDF_MAX_OUTPUT];
    size_t size = strtoul(argv[5], NULL, 10);
    hkdf_sha256(in[0].data, in[0].size, in[1].data, in[1].size, in[2].data, in[2].size, output, size);
    return print(output, size);
  }
  if (argc == 6 && strcmp(argv[1], "seal") == 0) {
    uint8_t tag[GCM_TAG_SIZE];
    gcm_seal(in[0].data, in[1].data, in[2].data, in[2].size, in[3].data, in[3].size, tag);
    print(in[3].data, in[3].size);
    return print(tag, sizeof tag);
  }
  if (argc == 7 && strcmp(argv[1], "open") == 0) {
    uint8_t *data = malloc(in[3].size + 1);
    if (!data || !gcm_open(in[0].data, in[1].data, in[2].data, in[2].size, in[3].data, in[3].size, in[4].data, data))
      return puts("refused") < 0;
    return print(data, in[3].size);
  }
  return 2;
}

static struct bytes from_hex(const char *text) {
  struct bytes bytes = {.data = malloc(strlen(text) / 2 + 1), .size = strlen(text) / 2};
  for (size_t i = 0; i < bytes.size; i++) {
    unsigned value = 0;
    sscanf(text + 2 * i, "%2x", &value);
    bytes.data[i] = (uint8_t)value;
  }
  return bytes;
}

static int print(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < size; i++) printf("%02x", data[i]);
  return puts("") < 0;
}

static int digest(const char *kind, struct bytes data, size_t piece) {
  struct sha2_state state;
  uint8_t result[SHA512_SIZE];
  sha2_start(&state, strcmp(kind, "512") == 0 ? SHA_512 : SHA_256);
  for (size_t at = 0; at < data.size; at += piece)
    sha2_add(&state, data.data + at, data.size - at < piece ? data.size - at : piece);
  sha2_end(&state, result);
  return print(result, sha2_size(state.kind));
}
