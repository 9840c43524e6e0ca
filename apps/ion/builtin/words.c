/* SPDX-License-Identifier: MIT
 * Builtins about texts and numbers. */
#include "builtin/builtin.h"
#include "value/regex.h"
#include <ctype.h>
#include <string.h>
#include <unistd.h>

/* A group of the letters e, n and s, or one of their long names. */
static bool echo_flag(const char *word, bool *escape, bool *newline, bool *spaces)
{
    if (*word != '-' || !word[1]) return false;
    bool letters = !word[1 + strspn(word + 1, "ens")];
    if (letters ? strchr(word, 'e') != nullptr : !strcmp(word, "--escape")) *escape = true;
    else if (!letters && strcmp(word, "--no-newline") && strcmp(word, "--no-spaces")) return false;
    if (letters ? strchr(word, 'n') != nullptr : !strcmp(word, "--no-newline")) *newline = false;
    if (letters ? strchr(word, 's') != nullptr : !strcmp(word, "--no-spaces")) *spaces = false;
    return true;
}

/* The escapes of `echo -e`: quotes and blanks are not among them. */
static char *echo_escapes(struct arena *arena, const char *text, bool *out_stop)
{
    static const char FROM[] = "abefnrtv\\", TO[] = "\a\b\x1b\f\n\r\t\v\\";
    struct buf out = buf_make(arena);
    for (; *text; text++) {
        const char *known = *text == '\\' && text[1] ? strchr(FROM, text[1]) : nullptr;
        if (*text == '\\' && text[1] == 'c') {
            *out_stop = true;
            break;
        }
        buf_char(&out, known ? TO[known - FROM] : *text);
        if (known) text++;
    }
    return out.at;
}

bool do_echo(struct shell *sh, const struct list *a)
{
    bool escape = false, newline = true, spaces = true, first = true, stop = false;
    struct buf out = buf_make(&sh->scratch);
    for (size_t i = 1; i < a->count; i++) {
        if (echo_flag(a->at[i], &escape, &newline, &spaces)) continue;
        if (!first && spaces) buf_char(&out, ' ');
        buf_text(&out, a->at[i]);
        first = false;
    }
    if (escape && strchr(out.at, '\\')) {
        char *text = echo_escapes(&sh->scratch, out.at, &stop);
        out = buf_make(&sh->scratch);
        buf_text(&out, text);
    }
    if (newline && !stop) buf_char(&out, '\n');
    sh->status = 0;
    say(sh, out.at, out.size);
    return true;
}

static bool few(struct shell *sh, const char *name)
{
    complain(sh, "ion: %s: two arguments must be supplied\n", name);
    return answer(sh, 2);
}

bool do_contains(struct shell *sh, const struct list *a)
{
    if (a->count < 3) return few(sh, "contains");
    for (size_t i = 2; i < a->count; i++)
        if (strstr(a->at[1], a->at[i])) return answer(sh, 0);
    return answer(sh, 1);
}

bool do_starts_with(struct shell *sh, const struct list *a)
{
    if (a->count < 3) return few(sh, "starts_with");
    for (size_t i = 2; i < a->count; i++)
        if (!strncmp(a->at[1], a->at[i], strlen(a->at[i]))) return answer(sh, 0);
    return answer(sh, 1);
}

bool do_ends_with(struct shell *sh, const struct list *a)
{
    if (a->count < 3) return few(sh, "ends_with");
    size_t size = strlen(a->at[1]);
    for (size_t i = 2; i < a->count; i++) {
        size_t part = strlen(a->at[i]);
        if (part <= size && !memcmp(a->at[1] + size - part, a->at[i], part)) return answer(sh, 0);
    }
    return answer(sh, 1);
}

bool do_matches(struct shell *sh, const struct list *a)
{
    const char *why;
    if (a->count != 3) return complain(sh, "ion: matches: two arguments must be supplied\n"), answer(sh, 2);
    const struct regex *regex = regex_recent(a->at[2], &why);
    if (!regex) return complain(sh, "ion: matches: invalid regex '%s': %s\n", a->at[2], why), answer(sh, 1);
    return answer(sh, regex_search(regex, a->at[1], strlen(a->at[1]), 0, nullptr) ? 0 : 1);
}

static const char *looked_up(struct shell *sh, const char *text)
{
    const struct value *value = *text == '$' ? scope_find(sh->scope, text + 1) : nullptr;
    return value && value->kind == VALUE_STRING ? value->text : text;
}

bool do_is(struct shell *sh, const struct list *a)
{
    bool not = a->count == 4 && !strcmp(a->at[1], "not");
    if (a->count != 3 && !not) return complain(sh, "%s needs 3 or 4 arguments\n", a->at[0]), answer(sh, 1);
    bool same = !strcmp(looked_up(sh, a->at[a->count - 2]), looked_up(sh, a->at[a->count - 1]));
    return answer(sh, same != not ? 0 : 1);
}

bool do_bool(struct shell *sh, const struct list *a)
{
    if (a->count != 2) return complain(sh, "ion: bool requires one argument\n"), answer(sh, 1);
    const struct value *value = *a->at[1] ? scope_find(sh->scope, a->at[1] + 1) : nullptr;
    const char *text = value && value->kind == VALUE_STRING ? value->text : a->at[1];
    return answer(sh, !strcmp(text, "1") || !strcmp(text, "true") ? 0 : 1);
}

/* Polish notation: an operator before its two operands; gives it as infix, or null. */
static char *from_polish(struct arena *arena, char *const *words, size_t count, size_t *at, unsigned depth)
{
    if (*at == count || depth > 100) return nullptr;
    char *word = words[(*at)++];
    bool operator = !word[strcspn(word, "+-*/%^&|<>")] ? false : !word[strspn(word, "+-*/%^&|<>d")];
    if (!operator || isdigit((unsigned char)word[1])) return word;
    char *left = from_polish(arena, words, count, at, depth + 1), *right = left ? from_polish(arena, words, count, at, depth + 1) : nullptr;
    return right ? arena_print(arena, "(%s %s %s)", left, word, right) : nullptr;
}

static char *math_answer(struct shell *sh, char *text, const char **out_why)
{
    char *result = calculate(&sh->scratch, text, out_why);
    if (result) return result;
    struct list words = list_make(&sh->scratch);
    size_t at = 0;
    const char *other;
    split_blanks(text, &words);
    char *infix = from_polish(&sh->scratch, words.at, words.count, &at, 0);
    return infix && at == words.count && words.count > 1 ? calculate(&sh->scratch, infix, &other) : nullptr;
}

static bool math_say(struct shell *sh, char *text, char **last)
{
    const char *why = "";
    struct buf with_last = buf_make(&sh->scratch);
    for (const char *p = text; *p; p++) {
        bool name = *last && !strncmp(p, "ans", 3) && !isalnum((unsigned char)p[3]) && (p == text || !isalnum((unsigned char)p[-1]));
        if (name) buf_text(&with_last, *last), p += 2;
        else buf_char(&with_last, *p);
    }
    char *result = math_answer(sh, with_last.at, &why);
    if (!result) return complain(sh, "ion: math: %s\n", why), answer(sh, 1);
    sayf(sh, "%s\n", result);
    *last = result;
    return answer(sh, 0);
}

static bool read_math_line(struct shell *sh, char **out_line)
{
    struct buf line = buf_make(&sh->scratch);
    char c;
    ssize_t size;
    while ((size = read(0, &c, 1)) == 1 && c != '\n')
        if (c) buf_char(&line, c);
    *out_line = line.at;
    return size == 1 || line.size;
}

bool do_math(struct shell *sh, const struct list *a)
{
    struct list rest = {.arena = &sh->scratch, .at = a->at + 1, .count = a->count - 1};
    char *line, *last = nullptr;
    bool terminal = isatty(0);
    if (rest.count) return math_say(sh, list_join(&rest, " "), &last);
    sh->status = 0;
    for (;;) {
        if (terminal) say(sh, "[]~> ", 5);
        if (!read_math_line(sh, &line) || (terminal && !strcmp(line, "exit"))) return true;
        if (terminal && !strcmp(line, "help")) sayf(sh, "an expression; ans is the last result; exit\n");
        else if (line[strspn(line, " \t")]) math_say(sh, line, &last);
    }
}

static bool pick(struct shell *sh, const struct list *a)
{
    long count;
    size_t left = a->count - 2;
    if (!whole_number(a->at[1], &count) || count < 0 || (size_t)count > left)
        return complain(sh, "ion: random: invalid count '%s'\n", a->at[1]), answer(sh, 1);
    char **from = arena_alloc(&sh->scratch, left * sizeof *from);
    memcpy(from, a->at + 2, left * sizeof *from);
    for (long i = 0; i < count; i++, left--) {
        size_t at = random_number() % left;
        sayf(sh, "%s%s", i ? " " : "", from[at]);
        from[at] = from[left - 1];
    }
    return say(sh, "\n", 1), answer(sh, 0);
}

static long between(long from, long to)
{
    return (long)((unsigned long)from + random_number() % ((unsigned long)to - (unsigned long)from));
}

bool do_random(struct shell *sh, const struct list *a)
{
    long numbers[3];
    size_t count = 0;
    while (count + 1 < a->count && count < 3 && whole_number(a->at[count + 1], &numbers[count])) count++;
    if (a->count == 1) return sayf(sh, "%ld\n", between(0, 32767)), answer(sh, 0);
    if (a->count == 2) return complain(sh, "ion: random: one argument has no meaning yet; give two numbers\n"), answer(sh, 0);
    if (a->count == 3 && count == 2) {
        if (numbers[0] >= numbers[1]) return complain(sh, "ion: random: end must be larger than start\n"), answer(sh, 1);
        return sayf(sh, "%ld\n", between(numbers[0], numbers[1])), answer(sh, 0);
    }
    if (a->count == 4 && count == 3) {
        long step = numbers[1], first = step > 0 ? numbers[0] / step + (numbers[0] > 0 && numbers[0] % step != 0) : 0;
        long last = step > 0 ? numbers[2] / step + (numbers[2] > 0 && numbers[2] % step != 0) : 0;
        if (first >= last) return complain(sh, "ion: random: no multiple of %ld is between %ld and %ld\n", step, numbers[0], numbers[2]), answer(sh, 1);
        return sayf(sh, "%ld\n", between(first, last) * step), answer(sh, 0);
    }
    return pick(sh, a);
}
