/* dice_chain: the attestation CDI of a payload and the chain of certificates that vouches for it, by the Open Profile for
 * DICE (open-dice: dice.c, cbor_cert_op.c) with Ed25519, in Android's form: a COSE key, then a COSE_Sign1 for each part. */
#include "../instance/cbor.h"
#include "dice-protocol.h"
#include "libcrypto.h"
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libcrypto.so.0"
/* COSE and CWT labels of the profile; negative ones as -1 - n. */
enum {
  ISSUER = 1,
  SUBJECT = 2,
  CODE_HASH = 4670544,
  CONFIG_DESCRIPTOR = 4670547,
  AUTHORITY_HASH = 4670548,
  MODE = 4670550,
  PUBLIC_KEY = 4670551,
  KEY_USAGE = 4670552,
  EDDSA = 7,
};
enum { MODE_NORMAL = 1, MODE_DEBUG = 2, KEY_CERT_SIGN = 32, ID_SIZE = 20, CONFIG_SIZE = 64 };

static const uint8_t key_salt[] = {
    0x63, 0xb6, 0xa0, 0x4d, 0x2c, 0x07, 0x7f, 0xc1, 0x0f, 0x63, 0x9f, 0x21, 0xda, 0x79, 0x38, 0x44,
    0x35, 0x6c, 0xc2, 0xb0, 0xb4, 0x41, 0xb3, 0xa7, 0x71, 0x24, 0x03, 0x5c, 0x03, 0xf8, 0xe1, 0xbe,
    0x60, 0x35, 0xd3, 0x1f, 0x28, 0x28, 0x21, 0xa7, 0x45, 0x0a, 0x02, 0x22, 0x2a, 0xb1, 0xb3, 0xcf,
    0xf1, 0x67, 0x9b, 0x05, 0xab, 0x1c, 0xa5, 0xd1, 0xaf, 0xfb, 0x78, 0x9c, 0xcd, 0x2b, 0x0b, 0x3b};
static const uint8_t id_salt[] = {
    0xdb, 0xdb, 0xae, 0xbc, 0x80, 0x20, 0xda, 0x9f, 0xf0, 0xdd, 0x5a, 0x24, 0xc8, 0x3a, 0xa5, 0xa5,
    0x42, 0x86, 0xdf, 0xc2, 0x63, 0x03, 0x1e, 0x32, 0x9b, 0x4d, 0xa1, 0x48, 0x43, 0x06, 0x59, 0xfe,
    0x62, 0xcd, 0xb5, 0xb7, 0xe1, 0xe0, 0x0f, 0xc6, 0x80, 0x30, 0x67, 0x11, 0xeb, 0x44, 0x4a, 0xf7,
    0x72, 0x09, 0x35, 0x94, 0x96, 0xfc, 0xff, 0x1d, 0xb9, 0x52, 0x0b, 0xa5, 0x1c, 0x7b, 0x29, 0xea};

#define DECLARE(result, name, arguments) static result(*name) arguments;
LIBCRYPTO_FUNCTIONS(DECLARE)

struct key {
  uint8_t public[32], private[64];
  char id[2 * ID_SIZE + 1];
};

/* What a part of the VM is, to the part before it. */
struct part {
  const uint8_t *code_hash, *authority_hash, *hidden, *descriptor;
  size_t descriptor_size;
  uint8_t mode;
};

static bool load(void);
static bool derive(uint8_t *out, size_t out_size, const uint8_t secret[DICE_CDI], const uint8_t salt[64], const char *info);
static bool make_key(const uint8_t cdi[DICE_CDI], struct key *key);
static bool next_cdi(const uint8_t cdi[DICE_CDI], const struct part *part, uint8_t next[DICE_CDI]);
static void put_key(struct cbor_writer *writer, const struct key *key);
static bool put_certificate(struct cbor_writer *chain, const struct key *issuer, const struct key *subject,
                            const struct part *part);
static size_t os_descriptor(uint8_t *bytes, size_t room);
static bool add_part(struct cbor_writer *chain, uint8_t cdi[DICE_CDI], struct key *key, const struct part *part);

int main(void) {
  static struct dice_request request;
  static struct dice_answer answer;
  static const uint8_t nothing[DICE_HASH];
  uint8_t descriptor[64];
  struct key key;
  if (!load() || fread(&request, sizeof request, 1, stdin) != 1 || request.descriptor_size > DICE_MAX_DESCRIPTOR) return 1;
  uint8_t mode = request.debuggable ? MODE_DEBUG : MODE_NORMAL;
  const struct part os = {.code_hash = request.os_hash,
                          .authority_hash = nothing,
                          .hidden = nothing,
                          .descriptor = descriptor,
                          .descriptor_size = os_descriptor(descriptor, sizeof descriptor),
                          .mode = mode};
  const struct part payload = {.code_hash = request.code_hash,
                               .authority_hash = request.authority_hash,
                               .hidden = request.hidden,
                               .descriptor = request.descriptor,
                               .descriptor_size = request.descriptor_size,
                               .mode = mode};
  struct cbor_writer chain = {.data = answer.chain, .capacity = sizeof answer.chain};
  if (!make_key(request.secret, &key)) return 1;
  cbor_put_array(&chain, 3);
  put_key(&chain, &key);
  if (!add_part(&chain, request.secret, &key, &os) || !add_part(&chain, request.secret, &key, &payload)) return 1;
  if (chain.overflow) return 1;
  answer.chain_size = (uint32_t)chain.size;
  memcpy(answer.cdi_attest, request.secret, sizeof answer.cdi_attest);
  return fwrite(&answer, sizeof answer, 1, stdout) != 1;
}

/* Advances by one part: certificate, CDI and key are those of that part from now on. */
static bool add_part(struct cbor_writer *chain, uint8_t cdi[DICE_CDI], struct key *key, const struct part *part) {
  uint8_t next[DICE_CDI];
  struct key subject;
  if (!next_cdi(cdi, part, next) || !make_key(next, &subject) || !put_certificate(chain, key, &subject, part)) return false;
  memcpy(cdi, next, sizeof next);
  *key = subject;
  return true;
}

static bool load(void) {
  void *library = dlopen(LIBRARY, RTLD_NOW);
  if (!library) return false;
#define FIND(result, name, arguments)                                                                                  \
  if (!(name = (result(*) arguments)dlsym(library, #name))) return false;
  LIBCRYPTO_FUNCTIONS(FIND)
  return true;
}

static bool derive(uint8_t *out, size_t out_size, const uint8_t secret[DICE_CDI], const uint8_t salt[64],
                   const char *info) {
  return HKDF(out, out_size, EVP_sha512(), secret, DICE_CDI, salt, 64, (const uint8_t *)info, strlen(info)) == 1;
}

static bool make_key(const uint8_t cdi[DICE_CDI], struct key *key) {
  uint8_t seed[32], id[ID_SIZE];
  if (!derive(seed, sizeof seed, cdi, key_salt, "Key Pair")) return false;
  ED25519_keypair_from_seed(key->public, key->private, seed);
  if (!derive(id, sizeof id, key->public, id_salt, "ID")) return false;
  /* A serial number of X.509, which is positive. */
  id[0] &= 0x7f;
  for (int i = 0; i < ID_SIZE; i++) snprintf(key->id + 2 * i, 3, "%02x", id[i]);
  return true;
}

static bool next_cdi(const uint8_t cdi[DICE_CDI], const struct part *part, uint8_t next[DICE_CDI]) {
  uint8_t inputs[DICE_HASH + CONFIG_SIZE + DICE_HASH + 1 + DICE_HASH], salt[64];
  uint8_t *at = inputs;
  memcpy(at, part->code_hash, DICE_HASH);
  SHA512(part->descriptor, part->descriptor_size, at += DICE_HASH);
  memcpy(at += CONFIG_SIZE, part->authority_hash, DICE_HASH);
  *(at += DICE_HASH) = part->mode;
  memcpy(at + 1, part->hidden, DICE_HASH);
  SHA512(inputs, sizeof inputs, salt);
  return derive(next, DICE_CDI, cdi, salt, "CDI_Attest");
}

/* COSE_Key: an octet key pair on Ed25519, for verifying. */
static void put_key(struct cbor_writer *writer, const struct key *key) {
  cbor_put_map(writer, 5);
  cbor_put_number(writer, 1);
  cbor_put_number(writer, 1);
  cbor_put_number(writer, 3);
  cbor_put_negative(writer, EDDSA);
  cbor_put_number(writer, 4);
  cbor_put_array(writer, 1);
  cbor_put_number(writer, 2);
  cbor_put_negative(writer, 0);
  cbor_put_number(writer, 6);
  cbor_put_negative(writer, 1);
  cbor_put_bytes(writer, key->public, sizeof key->public);
}

static void put_protected(struct cbor_writer *writer) {
  uint8_t bytes[8];
  struct cbor_writer header = {.data = bytes, .capacity = sizeof bytes};
  cbor_put_map(&header, 1);
  cbor_put_number(&header, 1);
  cbor_put_negative(&header, EDDSA);
  cbor_put_bytes(writer, bytes, header.size);
}

static bool put_certificate(struct cbor_writer *chain, const struct key *issuer, const struct key *subject,
                            const struct part *part) {
  static uint8_t payload_bytes[DICE_MAX_CHAIN], signed_bytes[DICE_MAX_CHAIN + 64];
  uint8_t key_bytes[64], signature[64];
  struct cbor_writer key = {.data = key_bytes, .capacity = sizeof key_bytes};
  put_key(&key, subject);
  struct cbor_writer payload = {.data = payload_bytes, .capacity = sizeof payload_bytes};
  cbor_put_map(&payload, 8);
  cbor_put_number(&payload, ISSUER);
  cbor_put_text(&payload, issuer->id);
  cbor_put_number(&payload, SUBJECT);
  cbor_put_text(&payload, subject->id);
  const struct {
    unsigned label;
    const uint8_t *bytes;
    size_t size;
  } fields[] = {{CODE_HASH, part->code_hash, DICE_HASH},
                {CONFIG_DESCRIPTOR, part->descriptor, part->descriptor_size},
                {AUTHORITY_HASH, part->authority_hash, DICE_HASH},
                {MODE, &part->mode, 1},
                {PUBLIC_KEY, key_bytes, key.size},
                {KEY_USAGE, (const uint8_t[]){KEY_CERT_SIGN}, 1}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    cbor_put_negative(&payload, fields[i].label);
    cbor_put_bytes(&payload, fields[i].bytes, fields[i].size);
  }
  struct cbor_writer to_sign = {.data = signed_bytes, .capacity = sizeof signed_bytes};
  cbor_put_array(&to_sign, 4);
  cbor_put_text(&to_sign, "Signature1");
  put_protected(&to_sign);
  cbor_put_bytes(&to_sign, NULL, 0);
  cbor_put_bytes(&to_sign, payload_bytes, payload.size);
  if (key.overflow || payload.overflow || to_sign.overflow ||
      ED25519_sign(signature, signed_bytes, to_sign.size, issuer->private) != 1)
    return false;
  cbor_put_array(chain, 4);
  put_protected(chain);
  cbor_put_map(chain, 0);
  cbor_put_bytes(chain, payload_bytes, payload.size);
  cbor_put_bytes(chain, signature, sizeof signature);
  return true;
}

/* The guest's system, by the name that AVF gives it (dice_for_avf_guest.cddl). */
static size_t os_descriptor(uint8_t *bytes, size_t room) {
  struct cbor_writer writer = {.data = bytes, .capacity = room};
  cbor_put_map(&writer, 1);
  cbor_put_negative(&writer, 70001);
  cbor_put_text(&writer, "vm_entry");
  return writer.size;
}
