/* How a boot fails: reported to the host's service, written as the death reason of this VM, then the VM powers off. */
#ifndef GUEST_FAILURE_H
#define GUEST_FAILURE_H

/* Codes of onError, as the host's callback knows them. */
enum failure {
  FAILURE_UNKNOWN = 0,
  FAILURE_PAYLOAD_VERIFICATION = 1,
  FAILURE_PAYLOAD_CHANGED = 2,
  FAILURE_PAYLOAD_INVALID_CONFIG = 3,
  /* The service itself could not be reached, so that only the reason is left. */
  FAILURE_NO_SERVICE = -1,
};

/* Never returns. Safe before the log and the service are there. */
_Noreturn void fail(enum failure code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Turns a crash of this program into a reason instead of a kernel panic. */
void fail_on_crash(void);
#endif
