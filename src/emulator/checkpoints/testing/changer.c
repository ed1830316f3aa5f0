/* Maps the file that it is given copy-on-write, writes to some of its pages and reads others, says so and waits. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct stat about;
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    if (fd < 0 || fstat(fd, &about) != 0) return 1;
    char *memory = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED) return 1;
    volatile char seen = 0;
    for (int i = 2; i < argc; i++) {
        char *page = memory + 4096 * atol(argv[i] + 1);
        if (argv[i][0] == 'w') memset(page, 'w', 4096);
        else seen += *page;
    }
    puts("ready");
    fflush(stdout);
    pause();
}
