/* SPDX-License-Identifier: MIT
 * The tools of the native filesystem, one program: `redoxfs VERB ...`, or under the name redoxfs-VERB. */
#include "tool.h"
#include <stdlib.h>
#include <string.h>

int failures;

static const struct verb { const char *name; tool_verb *run; const char *arguments, *help; } verbs[] = {
    {"mkfs", tool_mkfs, "[OPTIONS] IMAGE [SIZE]", "make a volume; what was there is lost\n"
     "  -d DIRECTORY          with everything in it: owners, permissions, times, links, holes\n"
     "  --reserve BYTES       left alone in front of the volume (a boot loader's)\n"
     "  --boot FILE           the bytes in front; as many are reserved\n"
     "  --encrypt             under a password (asked for, or --password-file)\n"
     "  --compress            the files of -d by LZ4, where it saves a block\n"
     "  --uuid UUID           instead of one of chance\n"
     "  SIZE                  bytes, or with K, M, G; without it the image's own, or with -d as much as is needed"},
    {"fsck", tool_fsck, "[--check | --repair] [--quiet] [--progress] IMAGE", "check every pointer, checksum, record, name and count; status 0 sound, 1 not\n"
     "  --repair              put right what is wrong; leftovers of other implementations are freed\n"
     "  --progress            say how far it is even when nobody sees it on a terminal"},
    {"scrub", tool_scrub, "IMAGE", "read everything and compare it with its checksums; changes nothing"},
    {"list", tool_list, "IMAGE", "every path: type, mode, uid, gid, links, size, blocks, node, ctime, mtime, atime"},
    {"ls", tool_ls, "IMAGE [PATH]", "one directory"},
    {"cat", tool_cat, "IMAGE PATH", "a file's contents, or a link's target"},
    {"extract", tool_extract, "IMAGE DIRECTORY", "everything into a directory that is there and empty"},
    {"resize", tool_resize, "IMAGE [SIZE]", "make a volume larger or smaller, and its image when that is a file; a power cut leaves the one or the other\n"
     "  SIZE                  bytes, or with K, M, G, what is reserved in front among them; without it all of the image or device"},
    {"password", tool_password, "[add | change | remove | list] IMAGE", "the passwords of an encrypted volume\n"
     "  --new-password-file FILE   for add and change"},
    {"debug", tool_debug, "IMAGE [header | ring | log | tree | node ID | block INDEX | dir ID]", "print a structure as it is on the disk"},
};
static const struct verb *running;

int usage(void)
{
    fprintf(stderr, "usage: redoxfs-%s %s\n%s\n", running->name, running->arguments, running->help);
    return 2;
}

static void help(FILE *to)
{
    fprintf(to, "usage: redoxfs VERB ... (or redoxfs-VERB ...); --help after a verb tells more\n");
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        fprintf(to, "  %-9s %s: %.*s\n", verbs[i].name, verbs[i].arguments, (int)strcspn(verbs[i].help, "\n"), verbs[i].help);
    fprintf(to, "Options of all: --password-file FILE (- for the standard input), for encrypted volumes.\n");
}

const char *sentence(enum status status)
{
    switch (status) {
    case OK: return "";
#define STATUS(name, number, sentence) case ERR_##name: return sentence;
#include "abi/status.def"
#undef STATUS
    }
    return "?";
}

[[noreturn]] void die(const char *which, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "redoxfs: %s: %s\n", which, what);
    _Exit(2);
}

void complain(const char *which, const char *what)
{
    fprintf(stderr, "redoxfs: %s: %s\n", which, what);
    failures = 1;
}

/* Options of all verbs, wherever they stand, are taken out of the words. */
static int take_common(int count, char **words)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], "--password-file") == 0 && i + 1 < count)
            password_file = words[++i];
        else
            words[kept++] = words[i];
    words[kept] = nullptr;
    return kept;
}

uint64_t parse_size(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    unsigned shift = 0;
    if (*end == 'K' || *end == 'M' || *end == 'G')
        shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 30;
    if (end == text || (shift && end[1]) || (!shift && *end) || value > UINT64_MAX >> 31)
        die(text, "a size is a number of bytes, or one with K, M or G");
    return value << shift;
}

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return nullptr;
}

int main(int count, char **words)
{
    const char *slash = strrchr(words[0], '/'), *own = slash ? slash + 1 : words[0];
    running = strncmp(own, "redoxfs-", 8) == 0 ? verb_find(own + 8) : nullptr;
    if (!running && count > 1) {
        running = verb_find(words[1]);
        count--;
        words++;
    }
    if (!running) {
        bool asked = count > 0 && words[0] && (strcmp(words[0], "help") == 0 || strcmp(words[0], "--help") == 0);
        help(asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    count = take_common(count, words);
    if (count > 1 && strcmp(words[1], "--help") == 0) {
        printf("usage: redoxfs-%s %s\n%s\n", running->name, running->arguments, running->help);
        return 0;
    }
    int status = running->run(count, words);
    if (fflush(stdout) != 0)
        die("standard output", "cannot be written");
    return status;
}
