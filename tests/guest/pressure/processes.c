/* SPDX-License-Identifier: MIT
 * Many processes one after the other: afterwards the kernel holds what it held after the first few. */
#include "pressure.h"
#include <sys/wait.h>
#include <unistd.h>

static bool one_process(int i)
{
    int ends[2], status;
    char byte = 0;
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        byte = (char)i;
        if (write(ends[1], &byte, 1) != 1)
            _exit(1);
        if (i % 16 == 0)
            execl("/bin/true", "true", (char *)NULL);
        _exit(0);
    }
    bool good = child > 0 && read(ends[0], &byte, 1) == 1 && byte == (char)i && waitpid(child, &status, 0) == child && status == 0;
    close(ends[0]);
    close(ends[1]);
    return good;
}

int many_processes(int count)
{
    static struct counts before, after;
    int good = 0;
    for (int i = 0; i < 200; i++)
        one_process(i);
    counts_settle(&before);
    for (int i = 0; i < count; i++)
        good += one_process(i);
    counts_settle(&after);
    report("every process did its work", good == count);
    report("after all of them the kernel holds what it held before", counts_compare(&before, &after, 8, 256));
    return 0;
}
