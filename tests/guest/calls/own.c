/* SPDX-License-Identifier: MIT
 * What /proc/self and /dev/fd say about the process itself. */
#include "calls.h"

void check_own(void)
{
    char b[4096];
    struct stat s1, s2;
    int f = open("own.txt", O_RDWR | O_CREAT, 0600);
    sprintf(b, "/proc/self/fd/%d", f);
    char l[4096] = {0}, cwd[4096];
    ssize_t n = readlink(b, l, sizeof l - 1);
    CHECK(n > 0);
    getcwd(cwd, sizeof cwd);
    strcat(cwd, "/own.txt");
    CHECK(!strcmp(l, cwd));
    int g = open(b, O_RDONLY);
    CHECK(g >= 0);
    CHECK(fstat(f, &s1) == 0 && fstat(g, &s2) == 0 && s1.st_ino == s2.st_ino);
    close(g);
    CHECK(stat(b, &s2) == 0 && s2.st_ino == s1.st_ino);
    sprintf(b, "/dev/fd/%d", f);
    g = open(b, O_RDONLY);
    CHECK(g >= 0);
    close(g);
    char wanted[16];
    sprintf(wanted, "%d", f);
    DIR *d = opendir("/proc/self/fd");
    struct dirent *e = NULL;
    while (d && (e = readdir(d)) && strcmp(e->d_name, wanted))
        ;
    CHECK(e && e->d_type == DT_LNK);
    closedir(d);
    close(f);
    n = readlink("/proc/self/exe", l, sizeof l - 1);
    CHECK(n > 0 && l[0] == '/');
    if (n > 0)
        l[n] = 0;
    CHECK(stat("/proc/self/exe", &s1) == 0 && stat(l, &s2) == 0 && s1.st_ino == s2.st_ino);
    FILE *m = fopen("/proc/self/maps", "r");
    CHECK(m != 0);
    int lines = 0, text = 0;
    if (m) {
        while (fgets(b, sizeof b, m)) {
            unsigned long a, z;
            char pr[8];
            if (sscanf(b, "%lx-%lx %4s", &a, &z, pr) != 3)
                CHECK(0);
            lines++;
            text += (unsigned long)check_own >= a && (unsigned long)check_own < z && pr[2] == 'x';
        }
        fclose(m);
    }
    CHECK(lines > 3);
    CHECK(text == 1);
    int p[2];
    pipe(p);
    sprintf(b, "/proc/self/fd/%d", p[0]);
    n = readlink(b, l, 99);
    CHECK(n > 6 && !memcmp(l, "pipe:[", 6));
    close(p[0]);
    close(p[1]);
    m = fopen("/proc/mounts", "r");
    CHECK(m != 0);
    if (m) {
        CHECK(fgets(b, sizeof b, m) != 0);
        fclose(m);
    }
}
