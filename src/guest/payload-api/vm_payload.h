/**
 * API of payloads that run in a Microdroid VM, as far as the emulated device has it. Names and meanings are those of
 * Android 15, so that a payload built against this header also loads on a phone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Entry point that a payload defines: its return value is the payload's exit code. */
int AVmPayload_main(void);

/** Entry point of payloads for Android 13: `argv[0]` is the path of the library, the rest are the task's `args`. */
int android_native_main(int argc, char *argv[]);

/** Tells the host that the payload is ready. Only the first call has an effect. Returns once the host knows. */
void AVmPayload_notifyPayloadReady(void);

/** Where the content of the APK is: `/mnt/apk`. */
const char *AVmPayload_getApkContentsPath(void);

/** Where storage is that survives the VM and that only this VM can read; NULL when it was not asked for. */
const char *AVmPayload_getEncryptedStoragePath(void);

#ifdef __cplusplus
}
#endif
