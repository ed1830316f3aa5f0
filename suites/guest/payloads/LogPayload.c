// Writes into Android's log: by its functions, into its buffers, and what must not break it.
#include <string.h>
#include <vm_payload.h>

// android/log.h, which comes with the NDK.
enum { ANDROID_LOG_DEBUG = 3, ANDROID_LOG_INFO = 4, ANDROID_LOG_ERROR = 6 };
enum { LOG_ID_MAIN = 0, LOG_ID_RADIO = 1, LOG_ID_SYSTEM = 3, LOG_ID_CRASH = 4 };
int __android_log_write(int priority, const char *tag, const char *text);
int __android_log_print(int priority, const char *tag, const char *format, ...);
int __android_log_buf_write(int buffer, int priority, const char *tag, const char *text);

int AVmPayload_main(void) {
  static char letters[6000];
  memset(letters, 'x', sizeof letters - 1);
  __android_log_write(ANDROID_LOG_DEBUG, "LogPayload", "one line");
  __android_log_print(ANDROID_LOG_INFO, "LogPayload", "number %d of %s", 7, "many");
  __android_log_write(ANDROID_LOG_INFO, "short", "first\nsecond");
  __android_log_buf_write(LOG_ID_RADIO, ANDROID_LOG_INFO, "LogPayload", "to radio");
  __android_log_buf_write(LOG_ID_SYSTEM, ANDROID_LOG_INFO, "LogPayload", "to system");
  __android_log_buf_write(LOG_ID_CRASH, ANDROID_LOG_ERROR, "LogPayload", "to crash");
  __android_log_write(ANDROID_LOG_INFO, "Long", letters);
  __android_log_write(ANDROID_LOG_INFO, "LogPayload", "after the long one");
  AVmPayload_notifyPayloadReady();
  return 0;
}
