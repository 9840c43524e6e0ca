/* SPDX-License-Identifier: MIT
 * runner run [--timeout S] [--log FILE] [--interactive] [--until TEXT] -- QEMU ARGUMENT...
 * runner encode WORD...      the words as exec= on the kernel's command line carries them */
#include "runner.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    fputs("usage: runner run [--timeout S] [--log FILE] [--interactive] [--until TEXT] -- QEMU ARGUMENT...\n"
          "       runner encode WORD...\n", stderr);
    return EXIT_MH;
}

static int encode(char **words, size_t count)
{
    size_t size = words_encode(words, count, nullptr, 0) + 1;
    char *text = malloc(size);
    if (!text)
        return EXIT_MH;
    (void)words_encode(words, count, text, size);
    (void)puts(text);
    free(text);
    return 0;
}

static int run(char **arguments)
{
    struct machine_options options = {};
    for (; *arguments && strcmp(*arguments, "--") != 0; arguments++) {
        uint64_t seconds;
        bool has_value = arguments[1] != nullptr;
        if (strcmp(*arguments, "--interactive") == 0) {
            options.interactive = true;
        } else if (strcmp(*arguments, "--log") == 0 && has_value) {
            options.log_path = *++arguments;
        } else if (strcmp(*arguments, "--until") == 0 && has_value) {
            options.until = *++arguments;
        } else if (strcmp(*arguments, "--timeout") == 0 && has_value) {
            if (view_to_u64(view_of_string(*++arguments), &seconds) != OK || seconds > 1000000)
                return usage();
            options.timeout_s = (unsigned)seconds;
        } else {
            return usage();
        }
    }
    if (!arguments[0] || !arguments[1])
        return usage();
    options.qemu = arguments + 1;
    return machine_run(&options);
}

int main(int count, char **arguments)
{
    if (count > 2 && strcmp(arguments[1], "encode") == 0)
        return encode(arguments + 2, (size_t)count - 2);
    if (count > 2 && strcmp(arguments[1], "run") == 0)
        return run(arguments + 2);
    return usage();
}
