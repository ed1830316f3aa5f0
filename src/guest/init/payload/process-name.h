/* What `ps` shows for a process that was forked but runs no other program. */
#ifndef GUEST_PROCESS_NAME_H
#define GUEST_PROCESS_NAME_H
/* With all arguments: the kernel hands on parameters that it does not take for its own (`noxsaves`). */
void process_name_area(int argc, char **argv);
void process_name(const char *name);
#endif
