/*
 * Preloaded into QEMU: its clocks run at an eighth of their speed. To itself the emulated host appears eight times as
 * fast, so that none of its timeouts, which are chosen for real hosts, expires.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SLOWER = 8, CLOCKS = 2 };
static const long long NS = 1000000000;
/* What CLOCK_REALTIME and CLOCK_MONOTONIC said when they were asked for the first time. */
static long long begun_ns[CLOCKS];

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = syscall(SYS_clock_gettime, clock, time);
  if (result != 0 || clock < 0 || clock >= CLOCKS)
    return result;
  long long now_ns = time->tv_sec * NS + time->tv_nsec;
  long long begun = 0;
  if (__atomic_compare_exchange_n(&begun_ns[clock], &begun, now_ns, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    begun = now_ns;
  long long shown_ns = begun + (now_ns - begun) / SLOWER;
  time->tv_sec = shown_ns / NS;
  time->tv_nsec = shown_ns % NS;
  return 0;
}
