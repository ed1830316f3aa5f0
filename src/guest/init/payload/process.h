/* Programs that the VM runs. */
#ifndef GUEST_PROCESS_H
#define GUEST_PROCESS_H
#include <stdbool.h>
#include <sys/types.h>

struct program {
  /* Ends with NULL; the first is the path. */
  const char *const *argv;
  /* Ends with NULL. */
  const char *const *environment;
  /* stdin, stdout and stderr. */
  int terminal;
  /* User and group to run as, for good. Any but root is without capabilities. */
  uid_t user;
  /* Without capabilities also as root. */
  bool powerless;
  /* A descriptor that it has, too, under the same number; 0 for none. */
  int inherited;
};

/* Starts it in a session of its own. -1 with errno set when there is no process; a program that cannot be run exits
 * with 127 after saying so on its stderr. */
pid_t process_start(const struct program *program);
/* Exit code as a shell counts it: 128 + n for a program ended by signal n. */
int process_exit_code(int wait_status);
#endif
