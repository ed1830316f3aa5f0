#include "wait.h"

#define FIRST_NAP_US 500
#define LONGEST_NAP_US 20000

struct deadline deadline_after(int timeout_ms) {
  struct deadline deadline = {.nap_us = FIRST_NAP_US};
  clock_gettime(CLOCK_MONOTONIC, &deadline.end);
  deadline.end.tv_sec += timeout_ms / 1000;
  deadline.end.tv_nsec += (timeout_ms % 1000) * 1000000L;
  if (deadline.end.tv_nsec >= 1000000000L) {
    deadline.end.tv_sec++;
    deadline.end.tv_nsec -= 1000000000L;
  }
  return deadline;
}

int deadline_left_ms(const struct deadline *deadline) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  long left = (deadline->end.tv_sec - now.tv_sec) * 1000 + (deadline->end.tv_nsec - now.tv_nsec) / 1000000;
  return left > 0 ? (int)left : 0;
}

bool deadline_nap(struct deadline *deadline) {
  if (deadline_left_ms(deadline) == 0) return false;
  struct timespec nap = {.tv_nsec = deadline->nap_us * 1000};
  nanosleep(&nap, NULL);
  if (deadline->nap_us < LONGEST_NAP_US) deadline->nap_us *= 2;
  return true;
}
