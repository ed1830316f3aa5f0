/* crash_dump PID TID SIGNAL: what the kernel starts for a process that a signal ends (core_pattern), with its core on
 * stdin, as Android's debuggerd starts its crash_dump. The process is there until this program ends. */
#include "../logging/log-client.h"
#include "../properties/store.h"
#include "process/core.h"
#include "process/process-facts.h"
#include "text/report.h"
#include "process/signal-names.h"
#include "text/tombstone.h"
#include "process/unwinder.h"
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

/* IVirtualMachineService.VM_TOMBSTONES_SERVICE_PORT */
#define TOMBSTONES_PORT 2000
/* The crashed process waits for it, and the VM ends when that process does. */
#define LIMIT_S 60
#define SEND_TIMEOUT_S 20
#define PRIORITY_WARNING 5
#define PRIORITY_FATAL 7

static void log_signal(const struct process_facts *facts, const struct core *core);
static int connect_host(void);
static bool become(uid_t user, gid_t group);
static void send_report(int host);

int main(int argc, char **argv) {
  static struct core core;
  struct process_facts facts;
  if (argc < 4 || !signal_is_reported(atoi(argv[3]))) return 0;
  alarm(LIMIT_S);
  if (!core_read(STDIN_FILENO, &core)) {
    log_client_write(LOG_MAIN, PRIORITY_FATAL, "crash_dump64", "failed to read the core of a process");
    return 1;
  }
  process_facts_read(atoi(argv[1]), &facts);
  log_signal(&facts, &core);
  int host = connect_host();
  const char *unwound = unwinder_open(&facts, &core);
  /* Its files are read with the rights that it had. */
  if (!become(facts.uid, facts.gid)) return 1;
  tombstone_write(&facts, &core, unwound);
  if (host >= 0) send_report(host);
  return 0;
}

/* The line that Android's libc writes when the signal comes. */
static void log_signal(const struct process_facts *facts, const struct core *core) {
  char line[512], address[64] = "", sender[64] = "", thread[32], process[32];
  const siginfo_t *signal = &core->signal;
  pid_t tid = core->threads[0].tid;
  process_thread_name(facts->pid, tid, thread);
  process_thread_name(facts->pid, facts->pid, process);
  if (signal_has_address(signal)) snprintf(address, sizeof address, ", fault addr %p", signal->si_addr);
  if (signal_has_sender(signal, facts->pid))
    snprintf(sender, sizeof sender, " from pid %d, uid %d", signal->si_pid, signal->si_uid);
  snprintf(line, sizeof line, "Fatal signal %d (%s), code %d (%s%s)%s in tid %d (%s), pid %d (%s)", signal->si_signo,
           signal_name(signal->si_signo), signal->si_code, signal_code_name(signal), sender, address, tid, thread,
           facts->pid, process);
  log_client_write(LOG_CRASH, PRIORITY_FATAL, "libc", line);
}

static int connect_host(void) {
  struct sockaddr_vm address = {
      .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = TOMBSTONES_PORT};
  struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
  if (!property_is("microdroid_manager.export_tombstones.enabled", "1")) {
    log_client_write(LOG_MAIN, PRIORITY_WARNING, "crash_dump64", "exporting tombstones is not enabled");
    return -1;
  }
  int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  log_client_write(LOG_MAIN, PRIORITY_WARNING, "crash_dump64", "Unable to connect to tombstone service in host");
  if (fd >= 0) close(fd);
  return -1;
}

static bool become(uid_t user, gid_t group) {
  return user == 0 || (setgroups(0, NULL) == 0 && setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0);
}

static void send_report(int host) {
  size_t size;
  const char *text = report_text(&size);
  while (size > 0) {
    ssize_t sent = send(host, text, size, MSG_NOSIGNAL);
    if (sent <= 0) break;
    text += sent;
    size -= (size_t)sent;
  }
  /* What was sent arrives before the end of the stream. */
  shutdown(host, SHUT_WR);
  char nothing;
  struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
  setsockopt(host, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  (void)!recv(host, &nothing, 1, 0);
  close(host);
}
