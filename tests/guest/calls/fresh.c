/* SPDX-License-Identifier: MIT
 * Several programs that open the same files for the first time at once: each gets a descriptor with a position of its own. */
#include "calls.h"

static int read_whole(const char *path)
{
    char b[64];
    struct stat st;
    int f = open(path, O_RDONLY);
    if (f < 0 || fstat(f, &st))
        return 1;
    long total = 0, n;
    while ((n = read(f, b, sizeof b)) > 0)
        total += n;
    int bad = n < 0 || (st.st_size && total != st.st_size) || lseek(f, 0, SEEK_CUR) != total;
    close(f);
    return bad;
}

static int read_folder(const char *folder)
{
    int bad = 0;
    DIR *d = opendir(folder);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        char path[600];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (!stat(path, &st) && S_ISREG(st.st_mode) && !access(path, R_OK))
            bad += read_whole(path);
    }
    if (d)
        closedir(d);
    return bad;
}

void check_fresh(void)
{
    int go[2], status;
    pipe(go);
    for (int i = 0; i < 8; i++)
        if (!fork()) {
            char c;
            close(go[1]);
            read(go[0], &c, 1); /* until all are there */
            _exit(read_folder("/etc") + read_folder("/etc/units") ? 1 : 0);
        }
    close(go[0]);
    close(go[1]);
    for (int i = 0; i < 8; i++) {
        wait(&status);
        CHECK(status == 0);
    }
}
