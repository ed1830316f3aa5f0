// First process of an initramfs that runs one command in a shell and tells on the console how it ended.
//
// Needs nothing of the kernel but initramfs and a console. What it reads is in /.avf, beside it: `nonce`, 32 hexadecimal
// digits that nobody else knows, `command`, and `setup`, a script for the shell that need not be there. It prints
//   avf-exec NONCE begin
//   avf-exec NONCE exit CODE CHECK
// where CHECK is 255 - CODE; the second several times, for kernels may write into lines of ours.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define FOLDER "/.avf/"
#define NONCE_CHARACTERS 32
#define MAX_COMMAND (1 << 20)
#define COPIES 3
// SYSLOG_ACTION_CONSOLE_OFF: only emergencies are printed from then on.
#define CONSOLE_OFF 6

static char nonce[NONCE_CHARACTERS + 1];

static void say(const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(STDOUT_FILENO, text, left);
        if (written < 0 && errno != EINTR) return;
        if (written > 0) {
            text += written;
            left -= (size_t)written;
        }
    }
}

static char *read_whole(const char *path, size_t most) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char *text = calloc(1, most + 1);
    size_t size = 0;
    while (file >= 0 && text != NULL && size < most) {
        ssize_t got = read(file, text + size, most - size);
        if (got <= 0) break;
        size += (size_t)got;
    }
    if (file >= 0) close(file);
    return file >= 0 ? text : NULL;
}

// What a kernel lacks it lacks: the command may do without.
static void mount_on(const char *type, const char *folder) {
    mkdir(folder, 0755);
    mount(type, folder, type, MS_NOSUID, NULL);
}

// Lines end as they were written, and nothing echoes.
static void plain_console(void) {
    struct termios modes;
    if (tcgetattr(STDOUT_FILENO, &modes) != 0) return;
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDOUT_FILENO, TCSADRAIN, &modes);
}

static void become_shell(const char *flag, const char *text) {
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing > 0) dup2(nothing, STDIN_FILENO);
    setsid();
    char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/",
                                 "TERM=dumb", "PWD=/", NULL};
    char *const arguments[] = {"sh", (char *)flag, (char *)text, NULL};
    // Without a flag the text is the path of a script.
    char *const script[] = {"sh", (char *)text, NULL};
    execve("/bin/sh", flag == NULL ? script : arguments, environment);
    say("avf: cannot start /bin/sh: ");
    say(strerror(errno));
    say("\n");
    _exit(errno == ENOENT ? 127 : 126);
}

// As a shell counts: 128 and the signal for one that was killed.
static int run_shell(const char *flag, const char *text) {
    pid_t child = fork();
    if (child == 0) become_shell(flag, text);
    if (child < 0) return 126;
    for (;;) {
        int status = 0;
        pid_t ended = wait(&status);
        if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (ended < 0 && errno != EINTR) return 126;
    }
}

static void tell_end(int code) {
    char line[128];
    snprintf(line, sizeof line, "avf-exec %s exit %d %d\n", nonce, code, 255 - code);
    for (int copy = 0; copy < COPIES; copy++) {
        say(line);
        tcdrain(STDOUT_FILENO);
    }
}

int main(void) {
    // It ends all that runs beside it.
    if (getpid() != 1) return 1;
    mount_on("proc", "/proc");
    mount_on("sysfs", "/sys");
    mount_on("devtmpfs", "/dev");
    mkdir("/dev/pts", 0755);
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID, NULL);
    mkdir("/tmp", 01777);
    if (access("/dev/null", F_OK) != 0) mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3));
    // An initramfs without /dev/console has given us no streams.
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
        int console = open("/dev/console", O_RDWR);
        for (int fd = 0; console >= 0 && fd <= 2; fd++) dup2(console, fd);
    }
    plain_console();
    char *given = read_whole(FOLDER "nonce", NONCE_CHARACTERS);
    char *command = read_whole(FOLDER "command", MAX_COMMAND);
    if (given != NULL) memcpy(nonce, given, NONCE_CHARACTERS);
    if (access(FOLDER "setup", F_OK) == 0) run_shell(NULL, FOLDER "setup");
    char line[64];
    snprintf(line, sizeof line, "avf-exec %s begin\n", nonce);
    say(line);
    int code = command == NULL ? 126 : run_shell("-c", command);
    // Nobody else writes to the console from here on.
    kill(-1, SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR) continue;
    sync();
    tcdrain(STDOUT_FILENO);
    klogctl(CONSOLE_OFF, NULL, 0);
    plain_console();
    tell_end(code);
    reboot(RB_POWER_OFF);
    // The first process must not end; the host ends a machine that cannot.
    for (;;) pause();
}
