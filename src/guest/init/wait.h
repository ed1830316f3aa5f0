/* Bounded waiting: every wait of the guest has a deadline. */
#ifndef GUEST_WAIT_H
#define GUEST_WAIT_H
#include <stdbool.h>
#include <time.h>

struct deadline {
  struct timespec end;
  long nap_us;
};

struct deadline deadline_after(int timeout_ms);
/* Milliseconds left, 0 when it passed. */
int deadline_left_ms(const struct deadline *deadline);
/* Sleeps a little (0.5 ms, growing to 20 ms). False when the time is over. */
bool deadline_nap(struct deadline *deadline);
#endif
