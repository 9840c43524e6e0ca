/* SPDX-License-Identifier: MIT
 * protogen FILE.proto OUT            writes OUT/protocol/NAME_abi.h, NAME.h, NAME_server.h
 * protogen --names OUT FILE...       writes OUT/protocol/names.h
 * protogen --page FILE.proto         the page of the book, on standard output
 * protogen --check FILE...           checks each, and all together
 * Status 1 and `file:line: what is wrong` when something is. */
#include "emit.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct protocol *load(const char *path)
{
    static char text[1 << 20];
    FILE *from = fopen(path, "rb");
    if (!from) {
        fprintf(stderr, "protogen: cannot read %s\n", path);
        exit(1);
    }
    size_t length = fread(text, 1, sizeof text, from);
    (void)fclose(from);
    struct protocol *p = calloc(1, sizeof *p);
    struct problem problem = {};
    if (!p || protocol_parse((struct view){(const uint8_t *)text, length}, p, &problem) != OK) {
        fprintf(stderr, "%s:%u: %s\n", path, problem.line, problem.text);
        exit(1);
    }
    return p;
}

static FILE *create(const char *out, const char *name, const char *suffix)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/protocol", out);
    (void)mkdir(path, 0777);
    (void)snprintf(path, sizeof path, "%s/protocol/%s%s", out, name, suffix);
    FILE *to = fopen(path, "wb");
    if (!to) {
        fprintf(stderr, "protogen: cannot write %s\n", path);
        exit(1);
    }
    return to;
}

static void finish(FILE *to)
{
    if (fclose(to) != 0) {
        fputs("protogen: cannot write\n", stderr);
        exit(1);
    }
}

static void generate(const char *path, const char *out)
{
    struct protocol *p = load(path);
    FILE *to = create(out, p->name, "_abi.h");
    emit_numbers(to, p);
    finish(to);
    to = create(out, p->name, "_server.h");
    emit_server(to, p);
    finish(to);
    to = create(out, p->name, ".h"); /* last: make looks at this one */
    emit_client(to, p);
    finish(to);
    free(p);
}

static void load_all(char **paths, size_t count, const struct protocol **out)
{
    struct problem problem = {};
    for (size_t i = 0; i < count; i++)
        out[i] = load(paths[i]);
    if (protocols_check(out, count, &problem) != OK) {
        fprintf(stderr, "protogen: %s\n", problem.text);
        exit(1);
    }
}

int main(int count, char **arguments)
{
    enum { FILES_MAX = 256 };
    static const struct protocol *all[FILES_MAX];
    if (count == 3 && strcmp(arguments[1], "--page") == 0) {
        emit_page(stdout, load(arguments[2]));
        return 0;
    }
    if (count > 2 && count - 2 <= FILES_MAX && strcmp(arguments[1], "--check") == 0) {
        load_all(arguments + 2, (size_t)count - 2, all);
        return 0;
    }
    if (count > 3 && count - 3 <= FILES_MAX && strcmp(arguments[1], "--names") == 0) {
        load_all(arguments + 3, (size_t)count - 3, all);
        FILE *to = create(arguments[2], "names", ".h");
        emit_names(to, all, (size_t)count - 3);
        finish(to);
        return 0;
    }
    if (count == 3 && arguments[1][0] != '-') {
        generate(arguments[1], arguments[2]);
        return 0;
    }
    fputs("usage: protogen FILE.proto OUT | --check FILE... | --names OUT FILE... | --page FILE.proto\n", stderr);
    return 1;
}
