#include "dice.h"
#include "../crypto/sha2.h"
#include "../init/log.h"
#include "../instance/cbor.h"
#include "../properties/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/system/bin/dice_chain"
/* vm_config.cddl; as -1 - n. */
enum { COMPONENT_NAME = 70001, CONFIG_PATH = 70999, PAYLOAD_CONFIG = 71000, SUBCOMPONENTS = 71001 };

static bool fill(struct dice_request *request, const struct identity *identity, const struct payload_config *config);
static void put_subcomponent(struct cbor_writer *writer, const struct measured_apk *apk);
static void hash_apks(const struct measurement *measured, struct dice_request *request);
static bool ask(const struct dice_request *request, struct dice_answer *answer);

const struct dice_answer *dice_get(const struct identity *identity, const struct payload_config *config) {
  static struct dice_request request;
  static struct dice_answer answer;
  if (answer.chain_size > 0) return &answer;
  bool made = fill(&request, identity, config) && ask(&request, &answer) && answer.chain_size <= DICE_MAX_CHAIN;
  explicit_bzero(&request, sizeof request);
  if (made) return &answer;
  answer.chain_size = 0;
  log_error("Failed to derive the payload's DICE chain");
  return NULL;
}

static bool fill(struct dice_request *request, const struct identity *identity, const struct payload_config *config) {
  const struct measurement *measured = &identity->measurement;
  identity_derive(identity, "dice attestation", NULL, 0, request->secret, sizeof request->secret);
  identity_derive(identity, "dice hidden", NULL, 0, request->hidden, sizeof request->hidden);
  /* The measurement that all VMs of this device share: the release of their kernel. */
  char release[256] = "";
  int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? 0 : read(fd, release, sizeof release);
  if (fd >= 0) close(fd);
  struct sha2_state state;
  sha2_start(&state, SHA_512);
  sha2_add(&state, (const uint8_t *)release, size > 0 ? (size_t)size : 0);
  sha2_end(&state, request->os_hash);
  hash_apks(measured, request);
  request->debuggable = property_is("ro.boot.microdroid.debuggable", "1");
  struct cbor_writer writer = {.data = request->descriptor, .capacity = sizeof request->descriptor};
  cbor_put_map(&writer, 3);
  cbor_put_negative(&writer, COMPONENT_NAME);
  cbor_put_text(&writer, "Microdroid payload");
  if (config->path) {
    cbor_put_negative(&writer, CONFIG_PATH);
    cbor_put_text(&writer, config->path);
  } else {
    cbor_put_negative(&writer, PAYLOAD_CONFIG);
    cbor_put_map(&writer, 1);
    cbor_put_number(&writer, 1);
    cbor_put_text(&writer, config->command);
  }
  cbor_put_negative(&writer, SUBCOMPONENTS);
  cbor_put_array(&writer, measured->apk_count);
  for (uint32_t i = 0; i < measured->apk_count; i++) put_subcomponent(&writer, &measured->apks[i]);
  request->descriptor_size = (uint32_t)writer.size;
  return !writer.overflow;
}

static void put_subcomponent(struct cbor_writer *writer, const struct measured_apk *apk) {
  char name[MANIFEST_MAX_NAME + 8];
  snprintf(name, sizeof name, "apk:%s", apk->manifest.package_name);
  cbor_put_map(writer, 4);
  cbor_put_number(writer, 1);
  cbor_put_text(writer, name);
  cbor_put_number(writer, 2);
  cbor_put_number(writer, apk->manifest.version);
  cbor_put_number(writer, 3);
  cbor_put_bytes(writer, apk->root_hash, sizeof apk->root_hash);
  cbor_put_number(writer, 4);
  cbor_put_bytes(writer, apk->signer, sizeof apk->signer);
}

static void hash_apks(const struct measurement *measured, struct dice_request *request) {
  struct sha2_state code, authority;
  sha2_start(&code, SHA_512);
  sha2_start(&authority, SHA_512);
  for (uint32_t i = 0; i < measured->apk_count; i++) {
    sha2_add(&code, measured->apks[i].root_hash, sizeof measured->apks[i].root_hash);
    sha2_add(&authority, measured->apks[i].signer, sizeof measured->apks[i].signer);
  }
  sha2_end(&code, request->code_hash);
  sha2_end(&authority, request->authority_hash);
}

/* A program of its own: this one has no libraries, and no Ed25519. */
static bool ask(const struct dice_request *request, struct dice_answer *answer) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) return false;
  pid_t child = fork();
  if (child == 0) {
    static char *const argv[] = {PROGRAM, NULL}, *const environment[] = {NULL};
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execve(PROGRAM, argv, environment);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  bool asked = child > 0 && write(in[1], request, sizeof *request) == (ssize_t)sizeof *request;
  close(in[1]);
  size_t got = 0;
  ssize_t part;
  while (asked && got < sizeof *answer && (part = read(out[0], (char *)answer + got, sizeof *answer - got)) > 0)
    got += (size_t)part;
  close(out[0]);
  int status = -1;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return got == sizeof *answer && status == 0;
}
