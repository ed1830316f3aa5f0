// First process of an initramfs that runs one command in a shell and reports on the console how it ended.
//
// Needs nothing of the kernel but initramfs and a console. What it reads is in /.avf, beside it: `nonce`, 32 hexadecimal
// digits that nobody else knows, `command`, and what need not be there: `setup`, a script for the shell, `modules`, a folder
// of kernel modules that are loaded in the order of their names, and `disk`, for a root file system on the first disk. It
// prints
//   avf-exec NONCE begin
//   avf-exec NONCE exit CODE CHECK
// where CHECK is 255 - CODE; the second line several times, because the kernel may print in the middle of a line.
#include <dirent.h>
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
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define FOLDER "/.avf/"
#define DISK "/dev/vda"
// A disk is there as soon as its driver is; some drivers take a moment.
#define DISK_TRIES 50
#define DISK_TRY_US 100000
#define END_TRIES 500
#define END_TRY_US 10000
// linux/module.h: the kernel unpacks it.
#define COMPRESSED_FILE 4
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

// A failed mount is ignored: the command may not need it.
static void mount_on(const char *type, const char *folder) {
    mkdir(folder, 0755);
    mount(type, folder, type, MS_NOSUID, NULL);
}

static void mount_all(void) {
    mount_on("proc", "/proc");
    mount_on("sysfs", "/sys");
    mount_on("devtmpfs", "/dev");
    mkdir("/dev/pts", 0755);
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID, NULL);
    mkdir("/tmp", 01777);
    if (access("/dev/null", F_OK) != 0) mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3));
}

static int complain(const char *what, const char *name, const char *hint) {
    char line[512];
    snprintf(line, sizeof line, "avf: cannot %s %s: %s%s\n", what, name, strerror(errno), hint);
    say(line);
    return -1;
}

// Names are NNN-FILE. What the kernel has already is no failure.
static int load_modules(void) {
    struct dirent **found = NULL;
    int count = scandir(FOLDER "modules", &found, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = found[i]->d_name;
        if (name[0] == '.') continue;
        char path[512], head[4] = "";
        snprintf(path, sizeof path, FOLDER "modules/%s", name);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0 || pread(file, head, sizeof head, 0) < 0) return complain("read", path, "");
        int flags = memcmp(head, "\177ELF", sizeof head) == 0 ? 0 : COMPRESSED_FILE;
        if (syscall(SYS_finit_module, file, "", flags) != 0 && errno != EEXIST)
            return complain("load the module", name + 4, "");
        close(file);
    }
    return 0;
}

static int enter_disk(void) {
    const char *root = FOLDER "root";
    mkdir(root, 0755);
    for (int tries = DISK_TRIES; mount(DISK, root, "ext4", 0, NULL) != 0; tries--) {
        if (tries == 0 || (errno != ENOENT && errno != ENXIO))
            return complain("mount", DISK, "; the kernel needs drivers for virtio disks and ext4, or --module FILE");
        usleep(DISK_TRY_US);
    }
    if (chdir(root) != 0 || chroot(".") != 0) return complain("enter", DISK, "");
    mount_all();
    return 0;
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

// Nobody else writes to the console from here on. False when the kernel does not let one go, as in a deadlock.
static int end_all(void) {
    kill(-1, SIGKILL);
    for (int tries = END_TRIES; tries > 0;) {
        pid_t ended = waitpid(-1, NULL, WNOHANG);
        if (ended < 0 && errno != EINTR) return 1;
        if (ended > 0) continue;
        usleep(END_TRY_US);
        tries--;
    }
    return 0;
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
    mount_all();
    // An initramfs without /dev/console has given us no streams.
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
        int console = open("/dev/console", O_RDWR);
        for (int fd = 0; console >= 0 && fd <= 2; fd++) dup2(console, fd);
    }
    plain_console();
    char *given = read_whole(FOLDER "nonce", NONCE_CHARACTERS);
    char *command = read_whole(FOLDER "command", MAX_COMMAND);
    if (given != NULL) memcpy(nonce, given, NONCE_CHARACTERS);
    int ready = load_modules() == 0 && (access(FOLDER "disk", F_OK) != 0 || enter_disk() == 0);
    if (access(FOLDER "setup", F_OK) == 0) run_shell(NULL, FOLDER "setup");
    char line[64];
    snprintf(line, sizeof line, "avf-exec %s begin\n", nonce);
    say(line);
    int code = command == NULL || !ready ? 126 : run_shell("-c", command);
    int all_ended = end_all();
    sync();
    tcdrain(STDOUT_FILENO);
    klogctl(CONSOLE_OFF, NULL, 0);
    plain_console();
    tell_end(code);
    if (!all_ended) say("avf: a process that was killed does not end: the kernel does not let it go\n");
    reboot(RB_POWER_OFF);
    // The first process must not end; the host ends a machine that cannot.
    for (;;) pause();
}
