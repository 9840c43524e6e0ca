/* SPDX-License-Identifier: MIT
 * sendfile, copy_file_range, memory files and their mappings. */
#include "calls.h"

void check_copies(void)
{
    char b[8192];
    for (int i = 0; i < 8192; i++)
        b[i] = (char)i;
    int f = open("src", O_RDWR | O_CREAT | O_TRUNC, 0600), g = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 40; i++)
        CHECK(write(f, b, 8192) == 8192);
    off_t o = 0;
    CHECK(sendfile(g, f, &o, 1 << 30) == 40 * 8192);
    CHECK(o == 40 * 8192);
    struct stat st;
    CHECK(fstat(g, &st) == 0 && st.st_size == 40 * 8192);
    CHECK(pread(g, b, 8192, 8192 * 30) == 8192 && b[5] == 5 && b[8191] == (char)8191);
    CHECK(lseek(f, 0, SEEK_SET) == 0);
    CHECK(sendfile(g, f, 0, 100) == 100);
    CHECK(lseek(f, 0, SEEK_CUR) == 100);
    off_t i1 = 0, i2 = 5;
    CHECK(copy_file_range(f, &i1, g, &i2, 1000, 0) == 1000);
    CHECK(i1 == 1000 && i2 == 1005);
    close(f);
    close(g);
    unlink("src");
    unlink("dst");
    int m = memfd_create("x", MFD_CLOEXEC);
    CHECK(m >= 0);
    CHECK(write(m, "data", 4) == 4);
    CHECK(ftruncate(m, 10000) == 0);
    char *p = mmap(0, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
    CHECK(p != MAP_FAILED);
    if (p != MAP_FAILED) {
        CHECK(!memcmp(p, "data", 4));
        p[5000] = 'x';
        CHECK(pread(m, b, 1, 5000) == 1 && b[0] == 'x');
    }
    close(m);
}
