/* logcat of the guest: what its log's daemon keeps, as Android's own liblog formats it. */
#include "../logging/log-reader.h"
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* log/logprint.h */
typedef struct AndroidLogFormat_t AndroidLogFormat;
typedef struct {
  time_t tv_sec;
  long tv_nsec;
  int priority;
  int32_t uid;
  int32_t pid;
  int32_t tid;
  const char *tag;
  size_t tag_size;
  size_t message_size;
  const char *message;
} AndroidLogEntry;
#define LIBLOG "liblog.so.0"
/* Debian's, which is there for adbd; loaded at run time, for its headers are no part of what the image is made of. */
#define LIBLOG_FUNCTIONS(X)                                                                                            \
  X(AndroidLogFormat *, android_log_format_new, (void))                                                                \
  X(int, android_log_formatFromString, (const char *name))                                                             \
  X(int, android_log_setPrintFormat, (AndroidLogFormat * format, int print_format))                                    \
  X(int, android_log_addFilterString, (AndroidLogFormat * format, const char *filters))                                \
  X(int, android_log_shouldPrintLine, (AndroidLogFormat * format, const char *tag, int priority))                      \
  X(char *, android_log_formatLogLine,                                                                                 \
    (AndroidLogFormat * format, char *buffer, size_t size, const AndroidLogEntry *entry, size_t *line_size))

#define DECLARE(result, name, arguments) static result(*name) arguments;
LIBLOG_FUNCTIONS(DECLARE)

struct options {
  bool dumps;
  unsigned tail;
  int pid;
  /* Bits. */
  unsigned buffers;
};

static const char *const buffer_names[] = {"main", "radio", "events", "system", "crash"};
static AndroidLogFormat *format;

static bool load(void);
static bool take_option(struct options *options, char **argv, int argc, int *at);
static bool take_buffers(struct options *options, char *list);
static void print(const struct log_entry *entry, char *payload);
static int usage(const char *option);

int main(int argc, char **argv) {
  struct options options = {0};
  char request[128];
  bool silent = false;
  if (!load()) {
    fprintf(stderr, "logcat: %s\n", dlerror());
    return 1;
  }
  format = android_log_format_new();
  android_log_setPrintFormat(format, android_log_formatFromString("threadtime"));
  for (int at = 1; at < argc; at++) {
    if (strcmp(argv[at], "-s") == 0) {
      silent = true;
    } else if (*argv[at] == '-') {
      if (!take_option(&options, argv, argc, &at)) return usage(argv[at]);
    } else if (android_log_addFilterString(format, argv[at]) != 0) {
      return usage(argv[at]);
    }
  }
  if (silent) android_log_addFilterString(format, "*:s");
  if (options.buffers == 0) options.buffers = 1u << LOG_MAIN | 1u << LOG_SYSTEM | 1u << LOG_CRASH;
  char lids[32] = "";
  for (unsigned i = 0; i < LOG_BUFFERS; i++) {
    if (options.buffers >> i & 1) snprintf(lids + strlen(lids), sizeof lids - strlen(lids), "%s%u", *lids ? "," : "", i);
  }
  snprintf(request, sizeof request, "%s lids=%s pid=%d tail=%u", options.dumps ? "dumpAndClose" : "stream", lids,
           options.pid, options.tail);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (log_reader_read(request, print)) return 0;
  fprintf(stderr, "logcat: failed to read the log\n");
  return 1;
}

static bool load(void) {
  void *library = dlopen(LIBLOG, RTLD_NOW);
  if (!library) return false;
#define FIND(result, name, arguments)                                                                                  \
  if (!(name = (result(*) arguments)dlsym(library, #name))) return false;
  LIBLOG_FUNCTIONS(FIND)
  return true;
}

static bool take_option(struct options *options, char **argv, int argc, int *at) {
  char *option = argv[*at];
  if (strcmp(option, "-d") == 0) return options->dumps = true;
  if (strncmp(option, "--pid=", 6) == 0) return (options->pid = atoi(option + 6)) > 0;
  if (!strchr("bvtT", option[1]) || option[1] == 0) return false;
  char *value = option[2] ? option + 2 : *at + 1 < argc ? argv[++*at] : NULL;
  if (!value) return false;
  if (option[1] == 'b') return take_buffers(options, value);
  if (option[1] == 'v') {
    int print_format = android_log_formatFromString(value);
    return print_format != 0 && android_log_setPrintFormat(format, print_format) >= 0;
  }
  options->tail = (unsigned)strtoul(value, NULL, 10);
  if (option[1] == 't') options->dumps = true;
  return options->tail > 0;
}

static bool take_buffers(struct options *options, char *list) {
  for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
    bool known = strcmp(name, "all") == 0 || strcmp(name, "default") == 0;
    if (known) options->buffers |= strcmp(name, "all") == 0 ? ~0u : 1u << LOG_MAIN | 1u << LOG_SYSTEM | 1u << LOG_CRASH;
    for (unsigned i = 0; i < sizeof buffer_names / sizeof *buffer_names; i++) {
      if (strcmp(name, buffer_names[i]) == 0) options->buffers |= 1u << i, known = true;
    }
    if (!known) return false;
  }
  return true;
}

static void print(const struct log_entry *entry, char *payload) {
  char buffer[1024];
  const char *tag = payload + 1;
  const char *message = tag + strlen(tag) + 1;
  const AndroidLogEntry line = {.tv_sec = (time_t)entry->seconds,
                                .tv_nsec = (long)entry->nanoseconds,
                                .priority = (uint8_t)*payload,
                                .uid = (int32_t)entry->uid,
                                .pid = entry->pid,
                                .tid = (int32_t)entry->tid,
                                .tag = tag,
                                .tag_size = strlen(tag),
                                .message_size = strlen(message),
                                .message = message};
  if (!android_log_shouldPrintLine(format, tag, line.priority)) return;
  size_t size = 0;
  char *text = android_log_formatLogLine(format, buffer, sizeof buffer, &line, &size);
  if (!text) return;
  fwrite(text, 1, size, stdout);
  if (text != buffer) free(text);
}

static int usage(const char *option) {
  fprintf(stderr,
          "logcat: cannot take %s\n"
          "usage: logcat [-d] [-s] [-b BUFFER,…] [-v FORMAT] [-t COUNT | -T COUNT] [--pid=PID] [TAG:PRIORITY…]\n",
          option);
  return 1;
}
