/* liblog.so: Debian's liblog.so.0, which is Android's own, made to write to the VM's log. Built for a host it knows stderr
 * only (logger_write.cpp); here its logger is set when it is loaded. */
#include "../logging/log-client.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* android/log.h */
struct log_message {
  size_t struct_size;
  int32_t buffer_id;
  int32_t priority;
  const char *tag;
  const char *file;
  uint32_t line;
  const char *message;
};
void __android_log_set_logger(void (*logger)(const struct log_message *));
void __android_log_set_aborter(void (*aborter)(const char *));
int32_t __android_log_set_minimum_priority(int32_t priority);

#define VERBOSE 2
#define MAX_ABORT_MESSAGE 4096

/* Where a crash report looks for the reason: as Android's libc keeps it, its length first. */
EXPORT struct {
  size_t size;
  char text[MAX_ABORT_MESSAGE];
} avf_abort_message;

static void write_message(const struct log_message *message) {
  int buffer = message->buffer_id;
  if (buffer < 0 || buffer >= LOG_BUFFERS) buffer = LOG_MAIN;
  log_client_write((enum log_buffer)buffer, message->priority, message->tag ? message->tag : "", message->message);
}

EXPORT void android_set_abort_message(const char *text) {
  /* The first reason is the one that counts. */
  if (avf_abort_message.size > 0) return;
  size_t size = strnlen(text, MAX_ABORT_MESSAGE - 1);
  memcpy(avf_abort_message.text, text, size);
  avf_abort_message.size = size;
}

static void set_message_and_abort(const char *text) {
  if (text) android_set_abort_message(text);
  abort();
}

__attribute__((constructor)) static void set_logger(void) {
  __android_log_set_logger(write_message);
  __android_log_set_aborter(set_message_and_abort);
  /* As on Android; a host leaves out what is for debugging. */
  __android_log_set_minimum_priority(VERBOSE);
}
