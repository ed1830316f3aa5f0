/* Runs a program that the kernel ends when the process that started it ends: for hosts without util-linux's setpriv. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: die-with-parent PROGRAM [ARGUMENT...]\n", stderr);
    return 125;
  }
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) perror("die-with-parent: prctl");
  execvp(argv[1], argv + 1);
  perror(argv[1]);
  return 127;
}
