// Crashes as the file says that the test put into the APK: assets/crash.txt.
#define _GNU_SOURCE
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pthread.h>
#include <vm_payload.h>

// android/log.h, which comes with the NDK.
enum { ANDROID_LOG_WARN = 5 };
int __android_log_print(int priority, const char *tag, const char *format, ...);
void __android_log_assert(const char *condition, const char *tag, const char *format, ...);

__attribute__((noinline)) int write_through(volatile int *where) {
  *where = 1;
  return *where + 1;
}

__attribute__((noinline)) int middle_of_crash(volatile int *where) { return write_through(where) + 1; }

static void *wait_for_ever(void *unused) {
  for (;;) pause();
  return unused;
}

int AVmPayload_main(void) {
  char how[32] = "";
  FILE *file = fopen("/mnt/apk/assets/crash.txt", "r");
  if (!file || !fgets(how, sizeof how, file)) return 1;
  pthread_t other;
  pthread_create(&other, NULL, wait_for_ever, NULL);
  pthread_setname_np(other, "bystander");
  __android_log_print(ANDROID_LOG_WARN, "CrashPayload", "about to end by %s", how);
  AVmPayload_notifyPayloadReady();
  if (strcmp(how, "null") == 0) return middle_of_crash((volatile int *)8);
  if (strcmp(how, "assert") == 0) assert(how == NULL);
  if (strcmp(how, "log-assert") == 0) __android_log_assert("cond", "CrashPayload", "no %s left", "hope");
  for (;;) pause();
}
