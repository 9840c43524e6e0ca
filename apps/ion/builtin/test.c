/* SPDX-License-Identifier: MIT
 * Builtins that ask about files, texts and names. */
#include "builtin/builtin.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_is(char what, const char *path)
{
    struct stat info;
    if (what == 'L') return !lstat(path, &info) && S_ISLNK(info.st_mode);
    if (stat(path, &info)) return !strchr("bcdfSesrwx", what);
    switch (what) {
    case 'b': return S_ISBLK(info.st_mode);
    case 'c': return S_ISCHR(info.st_mode);
    case 'd': return S_ISDIR(info.st_mode);
    case 'f': return S_ISREG(info.st_mode);
    case 'S': return S_ISSOCK(info.st_mode);
    case 's': return info.st_size > 0;
    case 'r': return info.st_mode & 0444;
    case 'w': return info.st_mode & 0222;
    case 'x': return info.st_mode & 0111;
    default: return true;
    }
}

static bool compare_files(const char *left, char what, const char *right)
{
    struct stat a, b;
    bool has_a = !stat(left, &a), has_b = !stat(right, &b);
    if (what == 'e') return has_a && has_b && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    if (!has_a || !has_b) return what == 'n' ? has_a && !has_b : has_b && !has_a;
    bool newer = a.st_mtim.tv_sec != b.st_mtim.tv_sec ? a.st_mtim.tv_sec > b.st_mtim.tv_sec : a.st_mtim.tv_nsec > b.st_mtim.tv_nsec;
    bool same = a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
    return what == 'n' ? newer : !newer && !same;
}

static bool compare_numbers(struct shell *sh, const char *left, size_t which, const char *right)
{
    long a, b;
    if (!whole_number(left, &a)) return complain(sh, "test: integer expression expected: \"%s\"\n", left), answer(sh, 1);
    if (!whole_number(right, &b)) return complain(sh, "test: integer expression expected: \"%s\"\n", right), answer(sh, 1);
    const bool results[] = {a == b, a != b, a < b, a <= b, a > b, a >= b};
    return answer(sh, results[which] ? 0 : 1);
}

static bool compare(struct shell *sh, const char *left, const char *operator, const char *right)
{
    static const char NAMES[][4] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
    if (!strcmp(operator, "=") || !strcmp(operator, "==")) return answer(sh, strcmp(left, right) ? 1 : 0);
    if (!strcmp(operator, "!=")) return answer(sh, strcmp(left, right) ? 0 : 1);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (!strcmp(operator, NAMES[i])) return compare_numbers(sh, left, i, right);
    if (!strcmp(operator, "-ef") || !strcmp(operator, "-nt") || !strcmp(operator, "-ot"))
        return answer(sh, compare_files(left, operator[1], right) ? 0 : 1);
    complain(sh, "test: unknown condition: \"%s\"\n", operator);
    return answer(sh, 1);
}

bool do_test(struct shell *sh, const struct list *a)
{
    if (a->count < 2) {
        sayf(sh, "Usage: test EXPRESSION\nTry 'test --help' for more information.\n");
        return answer(sh, 1);
    }
    const char *first = a->at[1];
    if (a->count == 2) return answer(sh, *first ? 0 : 1);
    if (*first == '-' && isalpha((unsigned char)first[1]) && a->count < 4) {
        if (first[1] == 'n' || first[1] == 'z') return answer(sh, (first[1] == 'n') == (*a->at[2] != 0) ? 0 : 1);
        return answer(sh, file_is(first[1], a->at[2]) ? 0 : 1);
    }
    if (a->count == 3) return complain(sh, "parse error: condition expected\n"), answer(sh, 1);
    return compare(sh, first, a->at[2], a->at[3]);
}

/* In $PATH, the shell's own variable before the environment's. */
static bool in_path(struct shell *sh, const char *name)
{
    const struct value *own = scope_find(sh->scope, "PATH");
    const char *search = own && own->kind == VALUE_STRING ? own->text : getenv("PATH");
    while (search && *search) {
        size_t size = strcspn(search, ":");
        struct stat info;
        char *path = arena_print(&sh->scratch, "%.*s/%s", (int)size, search, name);
        if (!stat(path, &info) && S_ISREG(info.st_mode) && !access(path, X_OK)) return true;
        search += size + (search[size] == ':');
    }
    return false;
}

bool do_exists(struct shell *sh, const struct list *a)
{
    if (a->count < 2) return answer(sh, 1);
    const char *flag = a->at[1], *name = a->count > 2 ? a->at[2] : "";
    const struct value *value = scope_find(sh->scope, name);
    struct stat info;
    bool known = false;
    if (a->count == 2) return answer(sh, *flag ? 0 : 1);
    if (!strcmp(flag, "-a")) known = value && value->kind != VALUE_STRING && value_is_variable(value) && value->count;
    if (!strcmp(flag, "-s")) known = value && value->kind == VALUE_STRING && *value->text;
    if (!strcmp(flag, "--fn")) known = value && value->kind == VALUE_FUNCTION;
    if (!strcmp(flag, "-b")) known = in_path(sh, name);
    if (!strcmp(flag, "-d")) known = !stat(name, &info) && S_ISDIR(info.st_mode);
    if (!strcmp(flag, "-f")) known = !stat(name, &info) && S_ISREG(info.st_mode);
    return answer(sh, known ? 0 : 1);
}

bool do_isatty(struct shell *sh, const struct list *a)
{
    long file;
    if (a->count < 2) return answer(sh, 0);
    if (!whole_number(a->at[1], &file)) return complain(sh, "ion: isatty given bad number\n"), answer(sh, 1);
    return answer(sh, isatty((int)file) ? 0 : 1);
}
