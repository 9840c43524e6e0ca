/* SPDX-License-Identifier: MIT
 * Reading directories: whole, from a mark, and into small buffers. */
#include "calls.h"

void check_listing(void)
{
    make_file("a.txt");
    CHECK(mkdir("many", 0755) == 0);
    char n[64];
    for (int i = 0; i < 300; i++) {
        sprintf(n, "many/file-with-a-name-%d", i);
        int f = open(n, O_CREAT | O_WRONLY, 0600);
        if (f < 0) {
            CHECK(0);
            return;
        }
        close(f);
    }
    DIR *d = opendir("many");
    CHECK(d != 0);
    int count = 0, dots = 0;
    struct dirent *e;
    long mark = -1;
    char at[256] = "";
    while ((e = readdir(d))) {
        count++;
        dots += e->d_name[0] == '.';
        if (e->d_name[0] != '.' && e->d_type != DT_REG)
            CHECK(0);
        if (count == 100)
            mark = telldir(d);
        if (count == 101)
            strcpy(at, e->d_name);
    }
    CHECK(count == 302);
    CHECK(dots == 2);
    rewinddir(d);
    CHECK(readdir(d) != 0);
    seekdir(d, mark);
    e = readdir(d);
    CHECK(e && !strcmp(e->d_name, at));
    closedir(d);
    int f = open("many", O_RDONLY | O_DIRECTORY);
    char small[24 + 8];
    REFUSED(syscall(SYS_getdents64, f, small, 8), EINVAL);
    int total = 0;
    for (;;) {
        char buf[100];
        long r = syscall(SYS_getdents64, f, buf, sizeof buf);
        if (r <= 0) {
            CHECK(r == 0);
            break;
        }
        for (long o = 0; o < r; o += *(unsigned short *)(buf + o + 16))
            total++;
    }
    CHECK(total == 302);
    close(f);
    f = open("a.txt", 0);
    REFUSED(syscall(SYS_getdents64, f, n, 64), ENOTDIR);
    close(f);
    for (int i = 0; i < 300; i++) {
        sprintf(n, "many/file-with-a-name-%d", i);
        unlink(n);
    }
    CHECK(rmdir("many") == 0);
}
