/* SPDX-License-Identifier: MIT
 * The same random operations on names, here and on the build machine's own Linux: each must answer the same, and leave the same tree.
 * Both sides work in a folder deep enough that no path of the test climbs out of it. */
#include "abi/file.h"
#include "base/fmt.h"
#include "kernel_test.h"
#include "protocol/vfs.h"
#include "unit/unit.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 14
#define OPERATIONS 40000
#define V(text) view_of_string(text)

static uint64_t state;
static uint32_t any(uint32_t limit)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(state >> 33) % limit;
}

static int errno_of(int64_t status)
{
    static const struct { enum status status; int number; } map[] = {
        {ERR_NOT_FOUND, ENOENT}, {ERR_EXISTS, EEXIST}, {ERR_NOT_DIRECTORY, ENOTDIR}, {ERR_IS_DIRECTORY, EISDIR},
        {ERR_NOT_EMPTY, ENOTEMPTY}, {ERR_INVALID, EINVAL}, {ERR_LOOP, ELOOP}, {ERR_BUSY, EBUSY}, {ERR_NOT_PERMITTED, EPERM},
        {ERR_NO_ACCESS, EACCES}, {ERR_NAME_TOO_LONG, ENAMETOOLONG}, {ERR_TOO_MANY_LINKS, EMLINK}};
    if (status >= 0)
        return 0;
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
        if (map[i].status == status)
            return map[i].number;
    return 1000 - (int)status;
}

/* One to three names, sometimes `.` or one `..`, sometimes slashes more than needed. */
static void path_make(char *to, size_t size)
{
    size_t used = 0;
    uint32_t names = 1 + any(3);
    bool went_up = false;
    for (uint32_t i = 0; i < names; i++) {
        uint32_t kind = any(20);
        const char *slash = i == 0 ? "" : any(12) ? "/" : "//";
        if (kind == 0 && !went_up) {
            used += fmt(to + used, size - used, "%s..", slash);
            went_up = true;
        } else if (kind == 1) {
            used += fmt(to + used, size - used, "%s.", slash);
        } else {
            used += fmt(to + used, size - used, "%sn%u", slash, any(6));
        }
    }
    if (any(8) == 0)
        fmt(to + used, size - used, "/");
}

static struct view two(const char *a, const char *b, uint32_t *out_first)
{
    static char text[256];
    size_t n = fmt(text, sizeof text, "%s", a);
    *out_first = (uint32_t)n;
    n += fmt(text + n, sizeof text - n, "%s", b);
    return (struct view){(const uint8_t *)text, n};
}

static handle_t here;
static char a[64], b[64], done[192];

static int ours_open(uint32_t flags)
{
    struct vfs_open_in in = {.path = V(a), .flags = flags, .mode = 0644};
    struct vfs_open_out out;
    int64_t status = vfs_open(here, &in, &out);
    if (status == OK)
        IGNORE(sys_handle_close(out.file));
    return errno_of(status);
}

static int theirs_open(int flags)
{
    int fd = open(a, flags | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int error_of(int result)
{
    return result < 0 ? errno : 0;
}

static void try_open(int *ours, int *theirs)
{
    static const struct { uint32_t ours; int theirs; } choices[] = {
        {OPEN_READ, O_RDONLY}, {OPEN_WRITE, O_WRONLY}, {OPEN_WRITE | OPEN_CREATE, O_WRONLY | O_CREAT},
        {OPEN_WRITE | OPEN_CREATE, O_WRONLY | O_CREAT}, {OPEN_READ | OPEN_CREATE, O_RDONLY | O_CREAT},
        {OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE, O_WRONLY | O_CREAT | O_EXCL},
        {OPEN_READ | OPEN_DIRECTORY, O_RDONLY | O_DIRECTORY}, {OPEN_READ | OPEN_NO_FOLLOW, O_RDONLY | O_NOFOLLOW},
        {OPEN_WRITE | OPEN_CREATE | OPEN_NO_FOLLOW, O_WRONLY | O_CREAT | O_NOFOLLOW},
        {OPEN_WRITE | OPEN_TRUNCATE, O_WRONLY | O_TRUNC}, {OPEN_PATH | OPEN_NO_FOLLOW, O_PATH | O_NOFOLLOW}};
    uint32_t i = any(sizeof choices / sizeof choices[0]);
    fmt(done, sizeof done, "open %s %x", a, choices[i].ours);
    *ours = ours_open(choices[i].ours);
    *theirs = theirs_open(choices[i].theirs);
}

static void try_stat(int *ours, int *theirs)
{
    static const uint32_t types[] = {[FILE_REGULAR] = S_IFREG, [FILE_DIRECTORY] = S_IFDIR, [FILE_SYMLINK] = S_IFLNK};
    bool follows = any(2);
    struct vfs_stat_in in = {.path = V(a), .flags = follows ? 0 : VFS_NO_FOLLOW};
    struct vfs_stat_out out;
    struct stat st;
    fmt(done, sizeof done, "%s %s", follows ? "stat" : "lstat", a);
    *ours = errno_of(vfs_stat(here, &in, &out));
    *theirs = error_of(follows ? stat(a, &st) : lstat(a, &st));
    if (*ours || *theirs)
        return;
    CHECK_EQUAL(types[out.attributes.type], st.st_mode & S_IFMT);
    if (!S_ISDIR(st.st_mode))
        CHECK_EQUAL(out.attributes.links, st.st_nlink);
    if (S_ISLNK(st.st_mode))
        CHECK_EQUAL(out.attributes.size_bytes, (uint64_t)st.st_size);
}

static void try_two(uint32_t what, int *ours, int *theirs)
{
    uint32_t first;
    struct view both = two(a, b, &first);
    if (what == 0) {
        uint32_t flags = any(6) == 0 ? VFS_NO_REPLACE : any(6) == 0 ? VFS_EXCHANGE : 0;
        fmt(done, sizeof done, "rename %s %s %u", a, b, flags);
        struct vfs_rename_in in = {.paths = both, .first_bytes = first, .directory = HANDLE_NONE, .flags = flags};
        *ours = errno_of(vfs_rename(here, &in, &(struct vfs_rename_out){}));
        *theirs = error_of(renameat2(AT_FDCWD, a, AT_FDCWD, b, flags == VFS_NO_REPLACE ? RENAME_NOREPLACE : flags ? RENAME_EXCHANGE : 0));
    } else if (what == 1) {
        fmt(done, sizeof done, "link %s %s", a, b);
        struct vfs_link_in in = {.paths = both, .first_bytes = first, .directory = HANDLE_NONE, .flags = VFS_NO_FOLLOW};
        *ours = errno_of(vfs_link(here, &in, &(struct vfs_link_out){}));
        *theirs = error_of(link(a, b));
    } else {
        fmt(done, sizeof done, "symlink %s %s", a, b);
        struct vfs_symlink_in in = {.paths = both, .first_bytes = first};
        *ours = errno_of(vfs_symlink(here, &in, &(struct vfs_symlink_out){}));
        *theirs = error_of(symlink(a, b));
    }
}

static void try_one(int *ours, int *theirs)
{
    switch (any(10)) {
    case 0: case 1:
        fmt(done, sizeof done, "mkdir %s", a);
        *ours = errno_of(vfs_make(here, &(struct vfs_make_in){.path = V(a), .type = FILE_DIRECTORY, .mode = 0755}, &(struct vfs_make_out){}));
        *theirs = error_of(mkdir(a, 0755));
        return;
    case 2:
        fmt(done, sizeof done, "rmdir %s", a);
        *ours = errno_of(vfs_unlink(here, &(struct vfs_unlink_in){.path = V(a), .flags = VFS_REMOVE_DIRECTORY}, &(struct vfs_unlink_out){}));
        *theirs = error_of(rmdir(a));
        return;
    case 3:
        fmt(done, sizeof done, "unlink %s", a);
        *ours = errno_of(vfs_unlink(here, &(struct vfs_unlink_in){.path = V(a)}, &(struct vfs_unlink_out){}));
        *theirs = error_of(unlink(a));
        return;
    case 4: case 5: try_open(ours, theirs); return;
    case 6: try_stat(ours, theirs); return;
    case 7: try_two(1 + any(2), ours, theirs); return;
    default: try_two(0, ours, theirs); return;
    }
}

TEST(random_names_behave_as_on_linux)
{
    char root[] = "/tmp/vfs-test-XXXXXX", old[512], command[64];
    if (!CHECK(getcwd(old, sizeof old) != nullptr) || !CHECK(mkdtemp(root) != nullptr) || !CHECK(chdir(root) == 0))
        return;
    umask(022);
    fake_start();
    here = fake_vfs;
    for (int i = 0; i < DEPTH; i++) {
        CHECK_EQUAL(mkdir("deep", 0755), 0);
        CHECK_EQUAL(chdir("deep"), 0);
        CHECK_OK(vfs_make(here, &(struct vfs_make_in){.path = V("deep"), .type = FILE_DIRECTORY, .mode = 0755}, &(struct vfs_make_out){}));
        struct vfs_change_directory_out out;
        CHECK_OK(vfs_change_directory(here, &(struct vfs_change_directory_in){.path = V("deep")}, &out));
        here = out.view;
    }
    state = 1;
    int differences = 0;
    for (int i = 0; i < OPERATIONS && differences < 10; i++) {
        int ours = -1, theirs = -2;
        path_make(a, sizeof a);
        path_make(b, sizeof b);
        try_one(&ours, &theirs);
        if (ours != theirs) {
            fprintf(stderr, "operation %d: %s: ours %d, Linux %d\n", i, done, ours, theirs);
            differences++;
        }
    }
    CHECK_EQUAL(differences, 0);
    CHECK_EQUAL(chdir(old), 0);
    fmt(command, sizeof command, "rm -rf %s", root);
    CHECK_EQUAL(system(command), 0);
}
