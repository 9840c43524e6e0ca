/* SPDX-License-Identifier: MIT
 * Mappings, the break, and addresses that are not the program's. */
#include "posixcheck.h"
#include <fcntl.h>
#include <sys/mman.h>

#define PAGE 4096
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static void check_mappings(void)
{
    char *m = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
    m[0] = 1;
    PROMISE("no page is writable and executable", mprotect(m, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == -1 && errno == EACCES);
    PROMISE("a mapping is not replaced unasked", mmap(m, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    PROMISE("MAP_FIXED replaces the middle", mmap(m + PAGE, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0) == m + PAGE && m[0] == 1);
    PROMISE("MADV_DONTNEED gives zeros", madvise(m, PAGE, MADV_DONTNEED) == 0 && m[0] == 0);
    munmap(m, 3 * PAGE);
    m = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
    m[0] = 1;
    m[2 * PAGE - 1] = 2;
    m = mremap(m, 2 * PAGE, 1 << 20, MREMAP_MAYMOVE);
    PROMISE("mremap takes the contents along", m != MAP_FAILED && m[0] == 1 && m[2 * PAGE - 1] == 2 && m[(1 << 20) - 1] == 0);
    PROMISE("nothing is not mapped", mmap(NULL, 0, PROT_READ, ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    PROMISE("nor is a closed file", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED && errno == EBADF);
    char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (!child) {
        shared[0] = 9;
        _exit(0);
    }
    status_of(child);
    PROMISE("shared memory is shared with a child", shared[0] == 9);
}

static void check_files(void)
{
    int fd = open("/bin/busybox", O_RDONLY);
    PROMISE("a file opened for reading is not written through a mapping",
            mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
    close(fd);
    fd = open("/tmp/mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char back[7] = "";
    if (ftruncate(fd, 8192) != 0)
        return;
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    strcpy(m, "shared");
    PROMISE("read sees what a mapping wrote", pread(fd, back, 7, 0) == 7 && !strcmp(back, "shared"));
    PROMISE("msync", msync(m, 8192, MS_SYNC) == 0);
    /* A library's loader does this: the whole file, then pieces over its middle, from the front. */
    char *whole = mmap(NULL, 16 * PAGE, PROT_READ, MAP_PRIVATE, open("/bin/busybox", O_RDONLY), 0);
    char last = whole[16 * PAGE - 1];
    mmap(whole + 2 * PAGE, 4 * PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0);
    mmap(whole + 6 * PAGE, 2 * PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0);
    PROMISE("what is left of a mapping is the same part of the file", whole[16 * PAGE - 1] == last && !memcmp(whole, "\177ELF", 4));
    close(fd);
    unlink("/tmp/mapped");
}

void check_memory(void)
{
    check_mappings();
    check_files();
    char *end = (char *)syscall(SYS_brk, 0);
    bool grew = syscall(SYS_brk, end + 100000) == (long)(end + 100000);
    end[99999] = 1;
    PROMISE("the break moves", grew && syscall(SYS_brk, end) == (long)end);
    char *large = malloc(50 << 20);
    memset(large, 1, 50 << 20);
    PROMISE("fifty megabytes", large[(50 << 20) - 1] == 1);
    free(large);
}

#define REFUSED(...) (syscall(__VA_ARGS__) == -1 && errno == EFAULT)

void check_bad_addresses(void)
{
    static const unsigned long bad[] = {8, 0x7fffffffeff8, 0xffff800000000000, 0x0100000000000000};
    bool all = true;
    for (int i = 0; i < 4; i++) {
        all &= REFUSED(SYS_uname, bad[i]) && REFUSED(SYS_open, bad[i], 0) && REFUSED(SYS_execve, bad[i], 0, 0);
        all &= REFUSED(SYS_rt_sigaction, SIGUSR1, bad[i], 0, 8) && REFUSED(SYS_nanosleep, bad[i], 0);
        all &= REFUSED(SYS_clock_gettime, 0, bad[i]) && REFUSED(SYS_execve, "/bin/true", bad[i], 0);
        all &= REFUSED(SYS_write, 1, bad[i], 1);
    }
    PROMISE("an address that is not the program's is EFAULT, never a fault", all);
    PROMISE("a call that does not exist", syscall(999) == -1 && errno == ENOSYS);
}
