/* What `ps` shows for a process that was forked but runs no other program. */
#ifndef GUEST_PROCESS_NAME_H
#define GUEST_PROCESS_NAME_H
void process_name_area(char **argv);
void process_name(const char *name);
#endif
