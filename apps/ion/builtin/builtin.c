/* SPDX-License-Identifier: MIT
 * Commands that are part of the shell. Each sets sh->status: 0 yes, 1 no or an error, 2 wrong use. */
#include "expand/expand.h"
#include "job.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool answer(struct shell *sh, int status)
{
    sh->status = status;
    return true;
}

static bool do_true(struct shell *sh, const struct list *) { return answer(sh, 0); }
static bool do_false(struct shell *sh, const struct list *) { return answer(sh, 1); }

static bool do_echo(struct shell *sh, const struct list *a)
{
    bool escape = false, newline = true, spaces = true, first = true;
    struct buf out = buf_make(&sh->scratch);
    for (size_t i = 1; i < a->count; i++) {
        const char *word = a->at[i];
        if (*word == '-' && word[1] && strspn(word + 1, "ens") == strlen(word + 1)) {
            escape = escape || strchr(word, 'e'), newline = newline && !strchr(word, 'n'), spaces = spaces && !strchr(word, 's');
            continue;
        }
        if (!first && spaces) buf_char(&out, ' ');
        buf_text(&out, word);
        first = false;
    }
    if (escape) {
        char *text = unescape(&sh->scratch, out.at);
        out = buf_make(&sh->scratch);
        buf_text(&out, text);
    }
    if (newline) buf_char(&out, '\n');
    size_t done = 0;
    while (done < out.size) {
        ssize_t size = write(1, out.at + done, out.size - done);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return answer(sh, 1);
        done += (size_t)size;
    }
    return answer(sh, 0);
}

static bool do_cd(struct shell *sh, const struct list *a)
{
    char here[4096];
    const char *to = a->count > 1 ? a->at[1] : getenv("HOME");
    bool back = to && !strcmp(to, "-");
    if (back) to = getenv("OLDPWD");
    const char *before = getenv("PWD");
    char *old = arena_print(&sh->scratch, "%s", before ? before : getcwd(here, sizeof here) ? here : "/");
    if (!to || chdir(to)) {
        dprintf(2, "ion: failed to set current dir to %s: %s (os error %d)\n", to ? to : "", strerror(errno), errno);
        return answer(sh, 1);
    }
    setenv("OLDPWD", old, 1);
    if (getcwd(here, sizeof here)) setenv("PWD", here, 1);
    if (back) dprintf(1, "%s\n", here);
    const struct value *hook = scope_find(sh->scope, "CD_CHANGE");
    sh->status = 0;
    struct list none = list_make(&sh->scratch);
    list_add(&none, "CD_CHANGE");
    return !hook || hook->kind != VALUE_FUNCTION || function_call(sh, hook->function, &none);
}

static bool do_exit(struct shell *sh, const struct list *a)
{
    if (a->count > 1) sh->status = atoi(a->at[1]);
    return sh->exiting = true;
}

static bool search(struct shell *sh, const struct list *a)
{
    if (a->count < 3) return dprintf(2, "ion: %s: two arguments must be supplied\n", a->at[0]), answer(sh, 2);
    size_t size = strlen(a->at[1]);
    for (size_t i = 2; i < a->count; i++) {
        size_t part = strlen(a->at[i]);
        bool found = a->at[0][0] == 'c' ? strstr(a->at[1], a->at[i]) != nullptr
                     : part <= size && !memcmp(a->at[1] + (a->at[0][0] == 'e' ? size - part : 0), a->at[i], part);
        if (found) return answer(sh, 0);
    }
    return answer(sh, 1);
}

static bool do_matches(struct shell *sh, const struct list *a)
{
    regex_t regex;
    if (a->count != 3) return answer(sh, 2);
    if (regcomp(&regex, a->at[2], REG_EXTENDED | REG_NOSUB)) return answer(sh, 1);
    bool found = !regexec(&regex, a->at[1], 0, nullptr, 0);
    regfree(&regex);
    return answer(sh, found ? 0 : 1);
}

static const char *looked_up(struct shell *sh, const char *text)
{
    const struct value *value = *text == '$' ? scope_find(sh->scope, text + 1) : nullptr;
    return value && value->kind == VALUE_STRING ? value->text : text;
}

static bool do_is(struct shell *sh, const struct list *a)
{
    bool not = a->count == 4 && !strcmp(a->at[1], "not");
    if (a->count != 3 && !not) return dprintf(2, "%s needs 3 or 4 arguments\n", a->at[0]), answer(sh, 1);
    bool same = !strcmp(looked_up(sh, a->at[a->count - 2]), looked_up(sh, a->at[a->count - 1]));
    return answer(sh, same != not ? 0 : 1);
}

static bool do_bool(struct shell *sh, const struct list *a)
{
    if (a->count != 2) return answer(sh, 1);
    const struct value *value = *a->at[1] ? scope_find(sh->scope, a->at[1] + 1) : nullptr;
    const char *text = value && value->kind == VALUE_STRING ? value->text : a->at[1];
    return answer(sh, !strcmp(text, "1") || !strcmp(text, "true") ? 0 : 1);
}

static bool do_eval(struct shell *sh, const struct list *a)
{
    struct list rest = {.arena = &sh->scratch, .at = a->at + 1, .count = a->count - 1};
    char *text = list_join(&rest, " ");
    sh->status = 0;
    if (run_text(sh, "eval", text, strlen(text)) != FLOW_ERROR) return true;
    dprintf(2, "ion: %s\n", sh->error);
    free(sh->error_program);
    sh->error_program = nullptr;
    return answer(sh, 1);
}

static bool do_source(struct shell *sh, const struct list *a)
{
    FILE *file = a->count > 1 ? fopen(a->at[1], "re") : nullptr;
    char part[4096];
    struct buf text = buf_make(&sh->scratch);
    if (!file) return dprintf(2, "ion: source: cannot open the file\n"), answer(sh, 1);
    for (size_t size; (size = fread(part, 1, sizeof part, file));) buf_bytes(&text, part, size);
    fclose(file);
    return run_text(sh, a->at[1], text.at, text.size) != FLOW_ERROR;
}

static bool do_exists(struct shell *sh, const struct list *a)
{
    if (a->count < 2) return answer(sh, 1);
    const char *flag = a->at[1], *name = a->count > 2 ? a->at[2] : "";
    const struct value *value = scope_find(sh->scope, name);
    struct stat info;
    bool known = false;
    if (a->count == 2) return answer(sh, *flag ? 0 : 1);
    if (!strcmp(flag, "-a")) known = value && value->kind == VALUE_ARRAY && value->count;
    if (!strcmp(flag, "-s")) known = value && value->kind == VALUE_STRING && *value->text;
    if (!strcmp(flag, "--fn")) known = value && value->kind == VALUE_FUNCTION;
    if (!strcmp(flag, "-d")) known = !stat(name, &info) && S_ISDIR(info.st_mode);
    if (!strcmp(flag, "-f")) known = !stat(name, &info) && S_ISREG(info.st_mode);
    return answer(sh, known ? 0 : 1);
}

static bool do_drop(struct shell *sh, const struct list *a)
{
    int status = a->count > 1 ? 0 : 1;
    for (size_t i = 1; i < a->count; i++) {
        if (scope_drop(sh->scope, a->at[i])) continue;
        dprintf(2, "ion: undefined variable: %s\n", a->at[i]);
        status = 1;
    }
    return answer(sh, status);
}

/* Byte by byte: what follows the line belongs to the next reader. */
static bool do_read(struct shell *sh, const struct list *a)
{
    sh->status = 0;
    for (size_t i = 1; i < a->count; i++) {
        struct buf line = buf_make(&sh->scratch);
        char c;
        ssize_t size;
        while ((size = read(0, &c, 1)) == 1 && c != '\n') buf_char(&line, c);
        if (size != 1 && !line.size) return true;
        char *text = line.at;
        while (isspace((unsigned char)*text)) text++;
        size_t left = strlen(text);
        while (left && isspace((unsigned char)text[left - 1])) text[--left] = 0;
        scope_set(sh->scope, a->at[i], value_string(text));
    }
    return true;
}

static bool do_set(struct shell *sh, const struct list *a)
{
    for (size_t i = 1; i < a->count; i++) {
        bool on = a->at[i][0] == '-';
        if (!strcmp(a->at[i] + 1, "e")) sh->exit_on_error = on;
        else if (!strcmp(a->at[i] + 1, "p")) sh->pipefail = on;
        else return answer(sh, 2);
    }
    return answer(sh, 0);
}

static bool do_fn(struct shell *sh, const struct list *)
{
    dprintf(1, "# Functions\n");
    for (const struct scope *scope = sh->scope; scope; scope = scope->outer) {
        for (size_t i = 0; i < scope->count; i++) {
            if (scope->entries[i].value->kind != VALUE_FUNCTION) continue;
            const char *description = scope->entries[i].value->function->definition->description;
            dprintf(1, "    %s%s%s\n", scope->entries[i].key, description ? " -- " : "", description ? description : "");
        }
    }
    return answer(sh, 0);
}

static bool do_math(struct shell *sh, const struct list *a)
{
    struct list rest = {.arena = &sh->scratch, .at = a->at + 1, .count = a->count - 1};
    dprintf(1, "%s\n", arithmetic(sh, list_join(&rest, " ")));
    return answer(sh, 0);
}

static bool do_wait(struct shell *sh, const struct list *)
{
    job_wait_all(sh);
    return answer(sh, 0);
}

static bool do_isatty(struct shell *sh, const struct list *a)
{
    return answer(sh, a->count < 2 || (isdigit((unsigned char)*a->at[1]) && isatty(atoi(a->at[1]))) ? 0 : 1);
}

static bool file_is(char what, const char *path)
{
    struct stat info;
    if (what == 'L') return !lstat(path, &info) && S_ISLNK(info.st_mode);
    if (stat(path, &info)) return false;
    switch (what) {
    case 'b': return S_ISBLK(info.st_mode);
    case 'c': return S_ISCHR(info.st_mode);
    case 'd': return S_ISDIR(info.st_mode);
    case 'f': return S_ISREG(info.st_mode);
    case 'S': return S_ISSOCK(info.st_mode);
    case 'e': return true;
    case 's': return info.st_size > 0;
    case 'r': return info.st_mode & 0444;
    case 'w': return info.st_mode & 0222;
    case 'x': return info.st_mode & 0111;
    default: return true;
    }
}

static bool compare(struct shell *sh, const char *left, const char *operator, const char *right)
{
    static const char *const NAMES[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
    if (!strcmp(operator, "=") || !strcmp(operator, "==")) return answer(sh, strcmp(left, right) ? 1 : 0);
    if (!strcmp(operator, "!=")) return answer(sh, strcmp(left, right) ? 0 : 1);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (strcmp(operator, NAMES[i])) continue;
        char *left_end, *right_end;
        long long a = strtoll(left, &left_end, 10), b = strtoll(right, &right_end, 10);
        if (!*left || *left_end) return dprintf(2, "test: integer expression expected: \"%s\"\n", left), answer(sh, 1);
        if (!*right || *right_end) return dprintf(2, "test: integer expression expected: \"%s\"\n", right), answer(sh, 1);
        bool results[] = {a == b, a != b, a < b, a <= b, a > b, a >= b};
        return answer(sh, results[i] ? 0 : 1);
    }
    return answer(sh, 1);
}

static bool do_test(struct shell *sh, const struct list *a)
{
    if (a->count < 2) return answer(sh, 1);
    const char *first = a->at[1], *operand = a->count > 2 ? a->at[2] : "";
    if (a->count == 2) return answer(sh, *first ? 0 : 1);
    if (*first == '-' && isalpha((unsigned char)first[1])) {
        if (first[1] == 'n' || first[1] == 'z') return answer(sh, (first[1] == 'n') == (*operand != 0) ? 0 : 1);
        return answer(sh, file_is(first[1], operand) ? 0 : 1);
    }
    if (a->count == 3) return dprintf(2, "parse error: condition expected\n"), answer(sh, 1);
    return compare(sh, first, operand, a->at[3]);
}

static bool do_help(struct shell *sh, const struct list *);

static const struct {
    const char *name;
    builtin_function *run;
} BUILTINS[] = {
    {"bool", do_bool}, {"cd", do_cd}, {"contains", search}, {"drop", do_drop}, {"echo", do_echo}, {"ends-with", search},
    {"eq", do_is}, {"eval", do_eval}, {"exists", do_exists}, {"exit", do_exit}, {"false", do_false}, {"fn", do_fn}, {"help", do_help},
    {"is", do_is}, {"isatty", do_isatty}, {"matches", do_matches}, {"math", do_math}, {"read", do_read}, {"set", do_set},
    {"source", do_source}, {"starts-with", search}, {"test", do_test}, {"true", do_true}, {"wait", do_wait},
};

static bool do_help(struct shell *sh, const struct list *)
{
    for (size_t i = 0; i < sizeof BUILTINS / sizeof *BUILTINS; i++) dprintf(1, "%s\n", BUILTINS[i].name);
    return answer(sh, 0);
}

builtin_function *builtin_find(const char *name)
{
    for (size_t i = 0; i < sizeof BUILTINS / sizeof *BUILTINS; i++)
        if (!strcmp(name, BUILTINS[i].name)) return BUILTINS[i].run;
    return nullptr;
}

const char *builtin_name(size_t index)
{
    return index < sizeof BUILTINS / sizeof *BUILTINS ? BUILTINS[index].name : nullptr;
}
