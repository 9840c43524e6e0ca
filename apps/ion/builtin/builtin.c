/* SPDX-License-Identifier: MIT
 * Commands that are part of the shell. Each sets sh->status: 0 yes, 1 no or an error, 2 wrong use. */
#include "edit/interactive.h"
#include "expand/expand.h"
#include "job.h"
#include "value/regex.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
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
    bool escape = false, newline = true, spaces = true, first = true, stop = false;
    struct buf out = buf_make(&sh->scratch);
    for (size_t i = 1; i < a->count; i++) {
        const char *word = a->at[i];
        if (*word == '-' && word[1] && !word[1 + strspn(word + 1, "ens")]) {
            escape = escape || strchr(word, 'e'), newline = newline && !strchr(word, 'n'), spaces = spaces && !strchr(word, 's');
            continue;
        }
        if (!strcmp(word, "--escape")) { escape = true; continue; }
        if (!strcmp(word, "--no-newline")) { newline = false; continue; }
        if (!strcmp(word, "--no-spaces")) { spaces = false; continue; }
        if (!first && spaces) buf_char(&out, ' ');
        buf_text(&out, word);
        first = false;
    }
    if (escape) {
        char *text = unescape(&sh->scratch, out.at, &stop);
        out = buf_make(&sh->scratch);
        buf_text(&out, text);
    }
    if (newline && !stop) buf_char(&out, '\n');
    sh->status = 0;
    say(sh, out.at, out.size);
    return true;
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
        complain(sh, "ion: failed to set current dir to %s: %s (os error %d)\n", to ? to : "", strerror(errno), errno);
        return answer(sh, 1);
    }
    setenv("OLDPWD", old, 1);
    if (getcwd(here, sizeof here)) setenv("PWD", here, 1);
    if (back) sayf(sh, "%s\n", here);
    bool called;
    sh->status = 0;
    return hook_call(sh, "CD_CHANGE", &called);
}

static bool do_exit(struct shell *sh, const struct list *a)
{
    if (a->count > 1) sh->status = atoi(a->at[1]);
    return sh->exiting = true;
}

static bool search(struct shell *sh, const struct list *a)
{
    if (a->count < 3) return complain(sh, "ion: %s: two arguments must be supplied\n", a->at[0]), answer(sh, 2);
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
    const char *why;
    if (a->count != 3) return answer(sh, 2);
    const struct regex *regex = regex_recent(a->at[2], &why);
    if (!regex) return complain(sh, "ion: matches: %s: %s\n", a->at[2], why), answer(sh, 1);
    return answer(sh, regex_search(regex, a->at[1], strlen(a->at[1]), 0, nullptr) ? 0 : 1);
}

static const char *looked_up(struct shell *sh, const char *text)
{
    const struct value *value = *text == '$' ? scope_find(sh->scope, text + 1) : nullptr;
    return value && value->kind == VALUE_STRING ? value->text : text;
}

static bool do_is(struct shell *sh, const struct list *a)
{
    bool not = a->count == 4 && !strcmp(a->at[1], "not");
    if (a->count != 3 && !not) return complain(sh, "%s needs 3 or 4 arguments\n", a->at[0]), answer(sh, 1);
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
    complain(sh, "ion: %s\n", sh->error);
    error_forget(sh);
    return answer(sh, 1);
}

static bool do_source(struct shell *sh, const struct list *a)
{
    FILE *file = a->count > 1 ? fopen(a->at[1], "re") : nullptr;
    char part[4096];
    struct buf text = buf_make(&sh->scratch);
    if (!file) return complain(sh, "ion: source: cannot open the file\n"), answer(sh, 1);
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
        complain(sh, "ion: undefined variable: %s\n", a->at[i]);
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
    sayf(sh, "# Functions\n");
    for (const struct scope *scope = sh->scope; scope; scope = scope->outer) {
        for (size_t i = 0; i < scope->count; i++) {
            if (scope->entries[i].value->kind != VALUE_FUNCTION) continue;
            const char *description = scope->entries[i].value->function->definition->description;
            sayf(sh, "    %s%s%s\n", scope->entries[i].key, description ? " -- " : "", description ? description : "");
        }
    }
    return answer(sh, 0);
}

static bool do_math(struct shell *sh, const struct list *a)
{
    struct list rest = {.arena = &sh->scratch, .at = a->at + 1, .count = a->count - 1};
    sayf(sh, "%s\n", arithmetic(sh, list_join(&rest, " ")));
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
        if (!*left || *left_end) return complain(sh, "test: integer expression expected: \"%s\"\n", left), answer(sh, 1);
        if (!*right || *right_end) return complain(sh, "test: integer expression expected: \"%s\"\n", right), answer(sh, 1);
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
    if (a->count == 3) return complain(sh, "parse error: condition expected\n"), answer(sh, 1);
    return compare(sh, first, operand, a->at[3]);
}

static bool do_help(struct shell *sh, const struct list *);

static const struct builtin BUILTINS[] = {
    {"bg", job_bg, false, "", ""}, {"bool", do_bool, true, "", ""}, {"cd", do_cd, false, "", ""}, {"contains", search, true, "", ""},
    {"disown", job_disown, false, "", ""}, {"drop", do_drop, true, "", ""}, {"echo", do_echo, true, "", ""},
    {"ends-with", search, true, "", ""}, {"eq", do_is, true, "", ""}, {"eval", do_eval, true, "", ""}, {"exists", do_exists, true, "", ""},
    {"exit", do_exit, false, "", ""}, {"false", do_false, true, "", ""}, {"fg", job_fg, false, "", ""}, {"fn", do_fn, true, "", ""},
    {"help", do_help, true, "", ""}, {"history", interactive_history, false, "", ""}, {"huponexit", job_huponexit, false, "", ""},
    {"is", do_is, true, "", ""}, {"isatty", do_isatty, true, "", ""}, {"jobs", job_jobs, false, "", ""},
    {"keybindings", interactive_keybindings, false, "", ""}, {"matches", do_matches, true, "", ""}, {"math", do_math, true, "", ""},
    {"read", do_read, false, "", ""}, {"set", do_set, true, "", ""}, {"source", do_source, false, "", ""},
    {"starts-with", search, true, "", ""}, {"suspend", job_suspend, false, "", ""}, {"test", do_test, true, "", ""},
    {"true", do_true, true, "", ""}, {"wait", job_wait_builtin, false, "", ""},
};

static bool do_help(struct shell *sh, const struct list *)
{
    for (size_t i = 0; i < sizeof BUILTINS / sizeof *BUILTINS; i++) sayf(sh, "%s\n", BUILTINS[i].name);
    return answer(sh, 0);
}

const struct builtin *builtin_find(const char *name)
{
    size_t low = 0, high = sizeof BUILTINS / sizeof *BUILTINS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, BUILTINS[middle].name);
        if (!order) return &BUILTINS[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return nullptr;
}

bool builtin_run(struct shell *sh, const struct builtin *builtin, const struct list *arguments)
{
    return builtin->run(sh, arguments);
}

const char *builtin_name(size_t index)
{
    return index < sizeof BUILTINS / sizeof *BUILTINS ? BUILTINS[index].name : nullptr;
}
