/* SPDX-License-Identifier: MIT
 * What fork, exec and mappings share, and what they do not. */
#include "calls.h"

void check_sharing(void)
{
    char b[100];
    int st;
    int f = open("sh", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(write(f, "abcdef", 6) == 6);
    lseek(f, 0, 0);
    pid_t p = fork();
    if (!p) {
        char c[3];
        _exit(read(f, c, 3) == 3 && !memcmp(c, "abc", 3) ? 0 : 1);
    }
    waitpid(p, &st, 0);
    CHECK(st == 0);
    CHECK(read(f, b, 3) == 3 && !memcmp(b, "def", 3));
    ftruncate(f, 0);
    close(f);
    for (int i = 0; i < 4; i++)
        if (!(p = fork())) {
            int g = open("sh", O_WRONLY | O_APPEND);
            for (int k = 0; k < 50; k++) {
                char l[9];
                sprintf(l, "%d%06d\n", i, k);
                write(g, l, 8);
            }
            _exit(0);
        }
    for (int i = 0; i < 4; i++)
        wait(&st);
    struct stat s;
    CHECK(stat("sh", &s) == 0 && s.st_size == 1600);
    FILE *o = fopen("sh", "r");
    int n = 0;
    while (fgets(b, 100, o)) {
        CHECK(strlen(b) == 8);
        n++;
    }
    CHECK(n == 200);
    fclose(o);
    f = open("sh", O_RDWR);
    char *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
    CHECK(m != MAP_FAILED);
    memcpy(m, "MAPPED", 6);
    CHECK(pread(f, b, 6, 0) == 6 && !memcmp(b, "MAPPED", 6));
    CHECK(pwrite(f, "file", 4, 0) == 4 && !memcmp(m, "fileED", 6));
    p = fork();
    if (!p) {
        m[0] = 'X';
        _exit(0);
    }
    waitpid(p, &st, 0);
    CHECK(m[0] == 'X');
    CHECK(msync(m, 4096, MS_SYNC) == 0);
    munmap(m, 4096);
    m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
    m[0] = 'P';
    CHECK(pread(f, b, 1, 0) == 1 && b[0] == 'X');
    munmap(m, 4096);
    int c = fcntl(f, F_DUPFD_CLOEXEC, 40), k = fcntl(f, F_DUPFD, 41);
    p = fork();
    if (!p) {
        char x[99];
        sprintf(x, "test ! -e /proc/self/fd/%d && test -e /proc/self/fd/%d", c, k);
        execl("/bin/sh", "sh", "-c", x, NULL);
        _exit(9);
    }
    waitpid(p, &st, 0);
    CHECK(st == 0);
    close(c);
    close(k);
    p = fork();
    if (!p) {
        chdir("/");
        umask(077);
        _exit(0);
    }
    waitpid(p, &st, 0);
    CHECK(access("sh", F_OK) == 0);
    p = vfork();
    if (!p) {
        chdir("/");
        close(f);
        _exit(3);
    }
    waitpid(p, &st, 0);
    CHECK(WEXITSTATUS(st) == 3);
    CHECK(access("sh", F_OK) == 0);
    CHECK(fcntl(f, F_GETFD) == 0);
    close(f);
    unlink("sh");
}
