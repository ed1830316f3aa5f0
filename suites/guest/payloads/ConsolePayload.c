// Opens both names of its VM's console, says that it is ready, and repeats the line that is typed there.
#include <stdio.h>
#include <unistd.h>
#include <vm_payload.h>

int AVmPayload_main(void) {
  char line[256];
  FILE *port = fopen("/dev/hvc0", "r");
  FILE *console = fopen("/dev/console", "r");
  if (!port) perror("/dev/hvc0");
  if (!console) perror("/dev/console");
  if (!port || !console) return 1;
  AVmPayload_notifyPayloadReady();
  if (!fgets(line, sizeof line, console)) return 2;
  printf("uid %d was told: %s", (int)getuid(), line);
  return 0;
}
