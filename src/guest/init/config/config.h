/* The payload's configuration: `vm_config.json` in the APK (microdroid/payload/config/src/lib.rs). */
#ifndef GUEST_CONFIG_H
#define GUEST_CONFIG_H
#include <stdbool.h>
#include <stddef.h>

#define MAX_ARGUMENTS 64

/* What a config says of a flag that it need not have. */
enum choice { CHOICE_DEFAULT, CHOICE_NO, CHOICE_YES };

struct payload_config {
  /* A library whose entry point is called, instead of a program. */
  bool launcher;
  const char *command;
  /* Of the config in the APK; NULL when the host named only a library. Restricted functions are for those that have one. */
  const char *path;
  int argument_count;
  const char *arguments[MAX_ARGUMENTS];
  int extra_apk_count;
  /* Whether reports of crashes go to the device. */
  enum choice export_tombstones;
  /* What it requests that this guest does not have. */
  bool wants_apexes, wants_authfs, wants_hugepages;
};

/* Parses the text by the rules of Android release 13 or 15. Returns NULL, or what is wrong with it. */
const char *config_parse(const char *text, size_t size, int release, struct payload_config *config);
/* The configuration of a VM that names only a library. */
void config_of_binary(const char *name, struct payload_config *config);
/* Path of what the task runs; false when the command of a launcher task is no plain file name or a path too long. */
bool config_command_path(const struct payload_config *config, char *path, size_t size);
#endif
