#include "config.h"
#include "json.h"
#include <stdio.h>
#include <string.h>

#define LIBRARIES "/mnt/apk/lib/x86_64"

static const char *read_os(const struct json *os);
static const char *read_task(const struct json *task, struct payload_config *config);
static const char *read_arguments(const struct json *arguments, struct payload_config *config);
static const char *check_list(const struct json *list, const char *member, const char *error, int *count);
static const char *check_flags(const struct json *root, int release);
static bool is_set(const struct json *flag);

const char *config_parse(const char *text, size_t size, int release, struct payload_config *config) {
  memset(config, 0, sizeof *config);
  const char *error;
  const struct json *root = json_parse(text, size, &error);
  if (!root) return error;
  if (root->type != JSON_OBJECT) return "not an object";
  int apexes;
  if ((error = read_os(json_member(root, "os")))) return error;
  if ((error = check_list(json_member(root, "apexes"), "name", "`apexes` must be a list of {name}", &apexes))) return error;
  if ((error = check_list(json_member(root, "extra_apks"), "path", "`extra_apks` must be a list of {path}",
                          &config->extra_apk_count)))
    return error;
  if ((error = check_flags(root, release))) return error;
  const struct json *tombstones = json_member(root, "export_tombstones");
  if (tombstones && tombstones->type == JSON_BOOLEAN)
    config->export_tombstones = tombstones->boolean ? CHOICE_YES : CHOICE_NO;
  config->wants_apexes = apexes > 0;
  config->wants_authfs = is_set(json_member(root, "enable_authfs"));
  config->wants_hugepages = is_set(json_member(root, "hugepages"));
  return read_task(json_member(root, "task"), config);
}

void config_of_binary(const char *name, struct payload_config *config) {
  memset(config, 0, sizeof *config);
  config->launcher = true;
  config->command = name;
}

bool config_command_path(const struct payload_config *config, char *path, size_t size) {
  if (!config->launcher) return (size_t)snprintf(path, size, "%s", config->command) < size;
  if (strchr(config->command, '/') || strcmp(config->command, "..") == 0 || strcmp(config->command, ".") == 0) return false;
  return (size_t)snprintf(path, size, LIBRARIES "/%s", config->command) < size;
}

static const char *read_os(const struct json *os) {
  if (!os) return NULL;
  if (os->type != JSON_OBJECT) return "`os` must be an object";
  const struct json *name = json_member(os, "name");
  if (!name) return NULL;
  if (name->type != JSON_STRING || (*name->text && strcmp(name->text, "microdroid") != 0))
    return "`os.name` must be `microdroid`";
  return NULL;
}

static const char *read_task(const struct json *task, struct payload_config *config) {
  if (!task || task->type == JSON_NULL) return "No task in VM config";
  if (task->type != JSON_OBJECT) return "`task` must be an object";
  const struct json *type = json_member(task, "type");
  const struct json *command = json_member(task, "command");
  if (type) {
    if (type->type != JSON_STRING) return "`task.type` must be text";
    config->launcher = strcmp(type->text, "microdroid_launcher") == 0;
    if (!config->launcher && strcmp(type->text, "executable") != 0)
      return "`task.type` must be `executable` or `microdroid_launcher`";
  }
  if (!command || command->type != JSON_STRING || !*command->text) return "`task.command` must be text";
  config->command = command->text;
  return read_arguments(json_member(task, "args"), config);
}

/* Not in release 15's own format, but harmless there: a payload that takes none gets none. */
static const char *read_arguments(const struct json *arguments, struct payload_config *config) {
  if (!arguments) return NULL;
  if (arguments->type != JSON_ARRAY) return "`task.args` must be a list";
  for (const struct json *each = arguments->first; each; each = each->next) {
    if (each->type != JSON_STRING) return "`task.args` must hold text only";
    if (config->argument_count == MAX_ARGUMENTS) return "`task.args` is too long";
    config->arguments[config->argument_count++] = each->text;
  }
  return NULL;
}

static const char *check_list(const struct json *list, const char *member, const char *error, int *count) {
  *count = 0;
  if (!list) return NULL;
  if (list->type != JSON_ARRAY) return error;
  for (const struct json *each = list->first; each; each = each->next, ++*count) {
    const struct json *value = json_member(each, member);
    if (!value || value->type != JSON_STRING) return error;
  }
  return NULL;
}

static const char *check_flags(const struct json *root, int release) {
  static const char *const flags[] = {"prefer_staged", "export_tombstones", "enable_authfs", "hugepages"};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    const struct json *flag = json_member(root, flags[i]);
    bool optional_null = i == 1 && flag && flag->type == JSON_NULL;
    if (flag && flag->type != JSON_BOOLEAN && !optional_null) return "a flag that is neither true nor false";
  }
  if (release == 13 && !json_member(root, "export_tombstones")) return "missing field `export_tombstones`";
  return NULL;
}

static bool is_set(const struct json *flag) { return flag && flag->type == JSON_BOOLEAN && flag->boolean; }
