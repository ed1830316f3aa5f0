/* microdroid_launcher LIBRARY [ARGUMENT...]: loads the payload and calls its entry point (microdroid/launcher). */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int entry_of_15(void);
typedef int entry_of_13(int argc, char *argv[]);

static void explain_dlopen(const char *library, const char *error);

int main(int argc, char *argv[]) {
  if (argc < 2) {
    fprintf(stderr, "usage: microdroid_launcher LIBRARY [ARGUMENT...]\n");
    return EXIT_FAILURE;
  }
  /* The console is read while the payload runs, so each complete line has to be written at once. */
  setvbuf(stdout, NULL, _IOLBF, 0);
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
  if (!library) {
    explain_dlopen(argv[1], dlerror());
    return EXIT_FAILURE;
  }
  entry_of_15 *main15 = (entry_of_15 *)dlsym(library, "AVmPayload_main");
  entry_of_13 *main13 = (entry_of_13 *)dlsym(library, "android_native_main");
  const char *release = getenv("MICRODROID_RELEASE");
  bool old = release && strcmp(release, "13") == 0;
  if (main15 && !(old && main13)) return main15();
  if (main13) return main13(argc - 1, argv + 1);
  fprintf(stderr, "Failed to find entrypoint `AVmPayload_main` or `android_native_main` in %s\n", argv[1]);
  return EXIT_FAILURE;
}

/* Libraries of Android's own libc are named without a version, which no library of this guest is; and what of
 * Android's payload API needs binder is not here either. */
static void explain_dlopen(const char *library, const char *error) {
  static const char *const android[] = {"libc.so",      "libdl.so",         "libm.so",
                                        "liblog.so",    "libandroid.so",    "libbinder_ndk.so",
                                        "libc++.so",    "libbinder_rpc_unstable.so"};
  fprintf(stderr, "Failed to dlopen %s: %s\n", library, error ? error : "unknown error");
  const char *missing = NULL;
  for (size_t i = 0; error && i < sizeof android / sizeof *android; i++) {
    size_t size = strlen(android[i]);
    if (strncmp(error, android[i], size) == 0 && error[size] == ':') missing = android[i];
  }
  if (error && strstr(error, "undefined symbol: AVmPayload_")) missing = "libbinder_rpc_unstable.so";
  if (!missing) return;
  fprintf(stderr,
          "This payload needs Android's own %s, which the emulated device does not have: run it on an AVF device, or "
          "build it without a libc.\n",
          missing);
}
