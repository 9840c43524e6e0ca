/* SPDX-License-Identifier: MIT
 * Regular expressions (regex.h): a pattern becomes a small program for a machine that follows all of its threads at once, ordered by
 * preference, one character of the text at a time. A thread is a place in the program and the groups that it has seen. */
#include "value/regex.h"
#include "value/mem.h"
#include "value/text.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAM_MAX = 5000, REPEAT_MAX = 1000, NEST_MAX = 100, CLASS_RANGES = 24 };
enum operation : uint8_t {
    OP_CHAR, OP_ANY, OP_ANY_BUT_NEWLINE, OP_CLASS, OP_SPLIT, OP_JUMP, OP_SAVE, OP_START, OP_END, OP_LINE_START, OP_LINE_END, OP_WORD,
    OP_NOT_WORD, OP_MATCH,
};
struct instruction {
    enum operation operation;
    bool fold;
    uint32_t a, b;           /* the character; the class; first and second choice; the slot */
};
struct class {
    bool negated;
    unsigned count;
    struct { uint32_t low, high; } ranges[CLASS_RANGES];
};
struct regex {
    struct instruction *code;
    size_t count, capacity;
    struct class *classes;
    size_t class_count;
    char *names[REGEX_GROUPS_MAX];
    size_t groups;
};
struct compiler {
    struct regex *regex;
    const char *at, *why;
    bool fold, lines, dot_all, swap_lazy;
    unsigned nest;
};

static bool refuse(struct compiler *c, const char *why)
{
    if (!c->why) c->why = why;
    return false;
}

static bool emit(struct compiler *c, enum operation operation, uint32_t a, uint32_t b)
{
    struct regex *r = c->regex;
    if (r->count == PROGRAM_MAX) return refuse(c, "compiled regex exceeds size limit");
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 32;
        r->code = heap_resize(r->code, r->capacity * sizeof *r->code);
    }
    r->code[r->count++] = (struct instruction){operation, c->fold, a, b};
    return true;
}

static bool add_range(struct compiler *c, struct class *class, uint32_t low, uint32_t high)
{
    if (class->count == CLASS_RANGES) return refuse(c, "character class has too many ranges");
    class->ranges[class->count].low = low;
    class->ranges[class->count++].high = high;
    return true;
}

static bool add_complement(struct compiler *c, struct class *class, const uint32_t (*ranges)[2], size_t count)
{
    uint32_t from = 0;
    for (size_t i = 0; i < count; from = ranges[i++][1] + 1)
        if (ranges[i][0] > from && !add_range(c, class, from, ranges[i][0] - 1)) return false;
    return add_range(c, class, from, 0x10ffff);
}

/* \d \w \s and their opposites; false when it is none of these. */
static bool add_shorthand(struct compiler *c, struct class *class, char letter)
{
    static const uint32_t DIGITS[][2] = {{'0', '9'}}, WORDS[][2] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
                          SPACES[][2] = {{'\t', '\r'}, {' ', ' '}};
    const uint32_t(*ranges)[2] = (letter | 32) == 'd' ? DIGITS : (letter | 32) == 'w' ? WORDS : SPACES;
    size_t count = (letter | 32) == 'd' ? 1 : (letter | 32) == 'w' ? 4 : 2;
    if (!letter || !strchr("dwsDWS", letter)) return false;
    if (isupper((unsigned char)letter)) return add_complement(c, class, ranges, count);
    for (size_t i = 0; i < count; i++)
        if (!add_range(c, class, ranges[i][0], ranges[i][1])) return false;
    return true;
}

static uint32_t take_char(struct compiler *c)
{
    uint32_t value = code_point(c->at);
    c->at += code_point_size(c->at);
    return value;
}

/* After the backslash: a character. */
static bool take_escape(struct compiler *c, uint32_t *out_char)
{
    static const char FROM[] = "aftnrv", TO[] = "\a\f\t\n\r\v";
    char letter = *c->at;
    const char *known = letter ? strchr(FROM, letter) : nullptr;
    if (!letter) return refuse(c, "incomplete escape sequence");
    if (known) return *out_char = (uint32_t)TO[known - FROM], c->at++, true;
    if (letter == 'x' || letter == 'u') {
        char *end;
        bool braced = c->at[1] == '{';
        char digits[9] = {};
        size_t size = letter == 'x' ? 2 : 4;
        if (!braced) strncpy(digits, c->at + 1, size);
        else strncpy(digits, c->at + 2, strnlen(c->at + 2, 8) < 8 ? strcspn(c->at + 2, "}") : 8);
        digits[braced ? strcspn(digits, "}") : size] = 0;
        *out_char = (uint32_t)strtoul(digits, &end, 16);
        if (!isxdigit((unsigned char)*digits) || *end || *out_char > 0x10ffff) return refuse(c, "invalid hexadecimal digit");
        c->at += 1 + strlen(digits) + (braced ? 2 : 0);
        return true;
    }
    if (isalnum((unsigned char)letter)) return refuse(c, isdigit((unsigned char)letter) ? "backreferences are not supported" : "unrecognized escape sequence");
    return *out_char = take_char(c), true;
}

static bool take_named_class(struct compiler *c, struct class *class)
{
    static const struct { const char *name; const uint32_t ranges[4][2]; size_t count; } NAMES[] = {
        {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}, 3}, {"alpha", {{'A', 'Z'}, {'a', 'z'}}, 2}, {"ascii", {{0, 127}}, 1},
        {"blank", {{'\t', '\t'}, {' ', ' '}}, 2}, {"cntrl", {{0, 31}, {127, 127}}, 2}, {"digit", {{'0', '9'}}, 1},
        {"graph", {{'!', '~'}}, 1}, {"lower", {{'a', 'z'}}, 1}, {"print", {{' ', '~'}}, 1},
        {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}, 4}, {"space", {{'\t', '\r'}, {' ', ' '}}, 2},
        {"upper", {{'A', 'Z'}}, 1}, {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, 4},
        {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}, 3}};
    const char *name = c->at + 2;
    bool negated = *name == '^';
    if (negated) name++;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        size_t size = strlen(NAMES[i].name);
        if (strncmp(name, NAMES[i].name, size) || strncmp(name + size, ":]", 2)) continue;
        c->at = name + size + 2;
        if (negated) return add_complement(c, class, NAMES[i].ranges, NAMES[i].count);
        for (size_t j = 0; j < NAMES[i].count; j++)
            if (!add_range(c, class, NAMES[i].ranges[j][0], NAMES[i].ranges[j][1])) return false;
        return true;
    }
    return refuse(c, "unrecognized character class");
}

/* One character of a class, which may start a range; a shorthand adds itself and sets *out_whole. */
static bool take_class_item(struct compiler *c, struct class *class, uint32_t *out_char, bool *out_whole)
{
    *out_whole = false;
    if (*c->at != '\\') return *out_char = take_char(c), true;
    c->at++;
    if (*c->at && strchr("dwsDWS", *c->at)) {
        *out_whole = true;
        return add_shorthand(c, class, *c->at++);
    }
    return take_escape(c, out_char);
}

static bool take_class(struct compiler *c)
{
    struct regex *r = c->regex;
    struct class class = {};
    class.negated = c->at[1] == '^';
    c->at += class.negated ? 2 : 1;
    for (bool first = true; *c->at != ']' || first; first = false) {
        uint32_t low, high;
        bool whole;
        if (!*c->at) return refuse(c, "unclosed character class");
        if (!strncmp(c->at, "[:", 2)) {
            if (!take_named_class(c, &class)) return false;
            continue;
        }
        if (!take_class_item(c, &class, &low, &whole)) return false;
        if (whole) continue;
        high = low;
        if (c->at[0] == '-' && c->at[1] && c->at[1] != ']') {
            c->at++;
            if (!take_class_item(c, &class, &high, &whole)) return false;
            if (whole || high < low) return refuse(c, "invalid character class range, the start must be <= the end");
        }
        if (!add_range(c, &class, low, high)) return false;
    }
    c->at++;
    r->classes = heap_resize(r->classes, (r->class_count + 1) * sizeof *r->classes);
    r->classes[r->class_count] = class;
    return emit(c, OP_CLASS, (uint32_t)r->class_count++, 0);
}

static bool take_alternatives(struct compiler *c);

static bool take_flags(struct compiler *c, bool *out_group)
{
    bool on = true;
    for (; *c->at && *c->at != ')' && *c->at != ':'; c->at++) {
        switch (*c->at) {
        case '-': on = false; break;
        case 'i': c->fold = on; break;
        case 'm': c->lines = on; break;
        case 's': c->dot_all = on; break;
        case 'U': c->swap_lazy = on; break;
        case 'u': break;
        default: return refuse(c, "unrecognized flag");
        }
    }
    if (!*c->at) return refuse(c, "unclosed group");
    *out_group = *c->at++ == ':';
    return true;
}

static bool take_group_body(struct compiler *c, int number)
{
    bool fold = c->fold, lines = c->lines, dot_all = c->dot_all, swap = c->swap_lazy;
    if (c->nest++ == NEST_MAX) return refuse(c, "nested too deep");
    if (number >= 0 && !emit(c, OP_SAVE, (uint32_t)number * 2, 0)) return false;
    if (!take_alternatives(c)) return false;
    if (*c->at != ')') return refuse(c, "unclosed group");
    c->at++;
    c->nest--;
    c->fold = fold, c->lines = lines, c->dot_all = dot_all, c->swap_lazy = swap;
    return number < 0 || emit(c, OP_SAVE, (uint32_t)number * 2 + 1, 0);
}

static bool take_group(struct compiler *c)
{
    struct regex *r = c->regex;
    bool named = !strncmp(c->at, "(?P<", 4) || (!strncmp(c->at, "(?<", 3) && c->at[3] != '=' && c->at[3] != '!');
    if (!strncmp(c->at, "(?", 2) && !named) {
        bool group, fold = c->fold, lines = c->lines, dot_all = c->dot_all, swap = c->swap_lazy;
        c->at += 2;
        if (*c->at && strchr("=!<", *c->at)) return refuse(c, "look-around, including look-ahead and look-behind, is not supported");
        if (!take_flags(c, &group)) return false;
        if (!group) return true;
        if (!take_group_body(c, -1)) return false;
        c->fold = fold, c->lines = lines, c->dot_all = dot_all, c->swap_lazy = swap;
        return true;
    }
    if (r->groups == REGEX_GROUPS_MAX) return refuse(c, "too many groups");
    size_t number = r->groups++;
    c->at++;
    if (named) {
        const char *name = strchr(c->at, '<') + 1, *end = strchr(name, '>');
        if (!end || end == name) return refuse(c, "unclosed group name");
        r->names[number] = heap_alloc((size_t)(end - name) + 1);
        memcpy(r->names[number], name, (size_t)(end - name));
        r->names[number][end - name] = 0;
        c->at = end + 1;
    }
    return take_group_body(c, (int)number);
}

static bool take_backslash(struct compiler *c)
{
    uint32_t value;
    c->at++;
    char letter = *c->at;
    if (letter && strchr("bBAz", letter)) {
        c->at++;
        return emit(c, letter == 'b' ? OP_WORD : letter == 'B' ? OP_NOT_WORD : letter == 'A' ? OP_START : OP_END, 0, 0);
    }
    if (letter && strchr("dwsDWS", letter)) {
        struct regex *r = c->regex;
        struct class class = {};
        c->at++;
        if (!add_shorthand(c, &class, letter)) return false;
        r->classes = heap_resize(r->classes, (r->class_count + 1) * sizeof *r->classes);
        r->classes[r->class_count] = class;
        return emit(c, OP_CLASS, (uint32_t)r->class_count++, 0);
    }
    return take_escape(c, &value) && emit(c, OP_CHAR, value, 0);
}

static bool take_atom(struct compiler *c)
{
    switch (*c->at) {
    case '(': return take_group(c);
    case '[': return take_class(c);
    case '\\': return take_backslash(c);
    case '.': c->at++; return emit(c, c->dot_all ? OP_ANY : OP_ANY_BUT_NEWLINE, 0, 0);
    case '^': c->at++; return emit(c, c->lines ? OP_LINE_START : OP_START, 0, 0);
    case '$': c->at++; return emit(c, c->lines ? OP_LINE_END : OP_END, 0, 0);
    case '*':
    case '+':
    case '?': return refuse(c, "repetition operator missing expression");
    default: return emit(c, OP_CHAR, take_char(c), 0);
    }
}

/* {n}, {n,}, {n,m}: false when it is no counted repeat; then the brace is a character. */
static bool take_count(struct compiler *c, long *out_least, long *out_most)
{
    char *end;
    const char *at = c->at + 1;
    if (!isdigit((unsigned char)*at)) return false;
    *out_least = *out_most = strtol(at, &end, 10);
    if (*end == ',') {
        at = end + 1;
        *out_most = *at == '}' ? -1 : strtol(at, &end, 10);
        if (*at != '}' && end == at) return false;
        if (*at == '}') end = (char *)at;
    }
    if (*end != '}') return false;
    c->at = end + 1;
    return true;
}

static bool copy_code(struct compiler *c, size_t from, size_t to)
{
    struct regex *r = c->regex;
    uint32_t moved = (uint32_t)(r->count - from);
    for (size_t i = from; i < to; i++) {
        struct instruction one = r->code[i];
        bool jumps = one.operation == OP_SPLIT || one.operation == OP_JUMP;
        if (jumps) one.a += moved;
        if (one.operation == OP_SPLIT) one.b += moved;
        if (!emit(c, one.operation, one.a, one.b)) return false;
        r->code[r->count - 1].fold = one.fold;
    }
    return true;
}

static void set_split(struct regex *r, size_t at, size_t enter, size_t leave, bool lazy)
{
    r->code[at].a = (uint32_t)(lazy ? leave : enter);
    r->code[at].b = (uint32_t)(lazy ? enter : leave);
}

static bool open_split(struct compiler *c, size_t at)
{
    struct regex *r = c->regex;
    if (!emit(c, OP_SPLIT, 0, 0)) return false;
    memmove(r->code + at + 1, r->code + at, (r->count - 1 - at) * sizeof *r->code);
    for (size_t i = at + 1; i < r->count; i++) {
        bool jumps = r->code[i].operation == OP_SPLIT || r->code[i].operation == OP_JUMP;
        if (jumps && r->code[i].a >= at) r->code[i].a++;
        if (r->code[i].operation == OP_SPLIT && r->code[i].b >= at) r->code[i].b++;
    }
    r->code[at] = (struct instruction){.operation = OP_SPLIT};
    return true;
}

/* What starts at `from` is repeated. */
static bool repeat(struct compiler *c, size_t from, long least, long most, bool lazy)
{
    struct regex *r = c->regex;
    size_t body = r->count - from;
    if (least > REPEAT_MAX || most > REPEAT_MAX || (most >= 0 && most < least)) return refuse(c, "invalid repetition count range");
    if (least == 0 && most == 0) return r->count = from, true;
    for (long i = 1; i < least; i++)
        if (!copy_code(c, from, from + body)) return false;
    size_t last = r->count - body;
    if (most < 0 && least > 0) {
        if (!emit(c, OP_SPLIT, 0, 0)) return false;
        return set_split(r, r->count - 1, last, r->count, lazy), true;
    }
    if (least > 0) {
        for (long i = least; i < most; i++) {
            size_t split = r->count;
            if (!emit(c, OP_SPLIT, 0, 0) || !copy_code(c, from, from + body)) return false;
            set_split(r, split, split + 1, r->count, lazy);
        }
        return true;
    }
    if (!open_split(c, from)) return false;
    if (most < 0) {
        if (!emit(c, OP_JUMP, (uint32_t)from, 0)) return false;
        return set_split(r, from, from + 1, r->count, lazy), true;
    }
    set_split(r, from, from + 1, r->count, lazy);
    for (long i = 1; i < most; i++) {
        size_t split = r->count;
        if (!emit(c, OP_SPLIT, 0, 0) || !copy_code(c, from + 1, from + 1 + body)) return false;
        set_split(r, split, split + 1, r->count, lazy);
    }
    return true;
}

static bool take_repeats(struct compiler *c, size_t from)
{
    for (unsigned times = 0; *c->at; times++) {
        long least = 0, most = -1;
        char op = *c->at;
        if (op == '*' || op == '+' || op == '?') {
            least = op == '+', most = op == '?' ? 1 : -1;
            c->at++;
        } else if (op != '{' || !take_count(c, &least, &most)) {
            return true;
        }
        bool lazy = *c->at == '?';
        if (lazy) c->at++;
        if (times > 4 || !repeat(c, from, least, most, lazy != c->swap_lazy)) return refuse(c, "repetition operator on a repetition");
    }
    return true;
}

static bool take_sequence(struct compiler *c)
{
    while (*c->at && *c->at != '|' && *c->at != ')') {
        size_t from = c->regex->count;
        if (!take_atom(c)) return false;
        if (c->regex->count > from && !take_repeats(c, from)) return false;
    }
    return true;
}

static bool take_alternatives(struct compiler *c)
{
    struct regex *r = c->regex;
    size_t from = r->count;
    uint32_t jumps = UINT32_MAX; /* a chain of jumps to the end */
    for (;;) {
        if (!take_sequence(c)) return false;
        if (*c->at != '|') break;
        c->at++;
        if (!open_split(c, from) || !emit(c, OP_JUMP, jumps, 0)) return false;
        set_split(r, from, from + 1, r->count, false);
        r->code[r->count - 1].operation = OP_MATCH; /* a jump whose end is not known yet */
        jumps = (uint32_t)r->count - 1;
        from = r->count;
    }
    while (jumps != UINT32_MAX) {
        uint32_t next = r->code[jumps].a;
        r->code[jumps].operation = OP_JUMP;
        r->code[jumps].a = (uint32_t)r->count;
        jumps = next;
    }
    return true;
}

void regex_free(struct regex *r)
{
    if (!r) return;
    for (size_t i = 0; i < REGEX_GROUPS_MAX; i++) free(r->names[i]);
    free(r->classes);
    free(r->code);
    free(r);
}

struct regex *regex_make(const char *pattern, const char **out_why)
{
    struct regex *r = heap_alloc(sizeof *r);
    *r = (struct regex){.groups = 1};
    struct compiler c = {.regex = r, .at = pattern};
    bool good = emit(&c, OP_SAVE, 0, 0) && take_alternatives(&c);
    if (good && *c.at) good = refuse(&c, "unopened group");
    if (good && emit(&c, OP_SAVE, 1, 0) && emit(&c, OP_MATCH, 0, 0)) return r;
    *out_why = c.why;
    regex_free(r);
    return nullptr;
}

int regex_group(const struct regex *r, const char *name, size_t size)
{
    for (size_t i = 0; i < r->groups; i++)
        if (r->names[i] && strlen(r->names[i]) == size && !memcmp(r->names[i], name, size)) return (int)i;
    return -1;
}

size_t regex_group_count(const struct regex *r)
{
    return r->groups;
}

struct threads {
    uint32_t *order;         /* places in the program, preferred first */
    long *saved;             /* of each, its groups */
    size_t count;
    uint32_t *seen;          /* for each place, the step in which it was added */
};
struct machine {
    const struct regex *regex;
    const char *text;
    size_t size, slots;
    uint32_t step;
    uint32_t *stack;         /* places still to be added, or a slot to be set back: its value follows in undo */
    long *undo;
};

static bool is_word(const struct machine *m, size_t at)
{
    return at < m->size && (isalnum((unsigned char)m->text[at]) || m->text[at] == '_');
}

static bool holds(const struct machine *m, enum operation operation, size_t at)
{
    bool boundary = (at > 0 && is_word(m, at - 1)) != is_word(m, at);
    switch (operation) {
    case OP_START: return at == 0;
    case OP_END: return at == m->size;
    case OP_LINE_START: return at == 0 || m->text[at - 1] == '\n';
    case OP_LINE_END: return at == m->size || m->text[at] == '\n';
    case OP_WORD: return boundary;
    default: return !boundary;
    }
}

/* Follows everything that takes no character, without recursion: SET_BACK on the stack undoes a group for the next branch. */
static void add_thread(struct machine *m, struct threads *t, uint32_t pc, long *saved, size_t at)
{
    const uint32_t SET_BACK = 0x80000000;
    size_t depth = 0;
    m->stack[depth++] = pc;
    while (depth) {
        uint32_t place = m->stack[--depth];
        if (place & SET_BACK) {
            saved[place & ~SET_BACK] = m->undo[depth];
            continue;
        }
        if (t->seen[place] == m->step) continue;
        t->seen[place] = m->step;
        const struct instruction *i = &m->regex->code[place];
        switch (i->operation) {
        case OP_JUMP: m->stack[depth++] = i->a; break;
        case OP_SPLIT:
            m->stack[depth++] = i->b;
            m->stack[depth++] = i->a;
            break;
        case OP_SAVE:
            m->undo[depth] = saved[i->a];
            m->stack[depth++] = i->a | SET_BACK;
            saved[i->a] = (long)at;
            m->stack[depth++] = place + 1;
            break;
        case OP_START: case OP_END: case OP_LINE_START: case OP_LINE_END: case OP_WORD: case OP_NOT_WORD:
            if (holds(m, i->operation, at)) m->stack[depth++] = place + 1;
            break;
        default:
            memcpy(t->saved + t->count * m->slots, saved, m->slots * sizeof *saved);
            t->order[t->count++] = place;
        }
    }
}

static uint32_t folded(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static bool in_class(const struct class *class, uint32_t c)
{
    for (unsigned i = 0; i < class->count; i++)
        if (c >= class->ranges[i].low && c <= class->ranges[i].high) return true;
    return false;
}

static bool accepts(const struct regex *r, const struct instruction *i, uint32_t c)
{
    switch (i->operation) {
    case OP_CHAR: return i->fold ? folded(i->a) == folded(c) : i->a == c;
    case OP_ANY: return true;
    case OP_ANY_BUT_NEWLINE: return c != '\n';
    case OP_CLASS: {
        const struct class *class = &r->classes[i->a];
        bool in = in_class(class, c);
        if (!in && i->fold && c < 128 && isalpha((int)c)) in = in_class(class, c ^ 32);
        return in != class->negated;
    }
    default: return false;
    }
}

/* One character for all threads; true when one of them has matched, and then those after it are given up. */
static bool step(struct machine *m, struct threads *now, struct threads *next, uint32_t c, size_t past, long *out_best)
{
    next->count = 0;
    m->step++;
    for (size_t i = 0; i < now->count; i++) {
        const struct instruction *at = &m->regex->code[now->order[i]];
        long *saved = now->saved + i * m->slots;
        if (at->operation == OP_MATCH) {
            memcpy(out_best, saved, m->slots * sizeof *saved);
            return true;
        }
        if (past && accepts(m->regex, at, c)) add_thread(m, next, now->order[i] + 1, saved, past);
    }
    return false;
}

static bool run(struct machine *m, struct threads *lists, size_t from, long *best, long *fresh)
{
    struct threads *now = &lists[0], *next = &lists[1];
    bool matched = false;
    size_t at = from;
    const struct instruction *first = &m->regex->code[1];
    bool skips = first->operation == OP_CHAR && !first->fold && first->a < 128;
    m->step++;
    for (;;) {
        if (!matched && !now->count && skips && at < m->size) {
            const char *found = memchr(m->text + at, (int)first->a, m->size - at);
            if (!found) return false;
            at = (size_t)(found - m->text);
        }
        if (!matched) {
            for (size_t i = 0; i < m->slots; i++) fresh[i] = -1;
            add_thread(m, now, 0, fresh, at);
        }
        if (!now->count && matched) return true;
        bool end = at >= m->size;
        size_t size = end ? 0 : code_point_size(m->text + at);
        if (step(m, now, next, end ? 0 : code_point(m->text + at), end ? 0 : at + size, best)) matched = true;
        if (end) return matched;
        struct threads *swap = now;
        now = next, next = swap;
        at += size;
    }
}

bool regex_search(const struct regex *r, const char *text, size_t size, size_t from, struct regex_match *out)
{
    size_t slots = r->groups * 2, n = r->count + 1;
    struct arena arena = {};
    struct threads lists[2];
    for (int i = 0; i < 2; i++) {
        lists[i] = (struct threads){.order = arena_alloc(&arena, n * sizeof(uint32_t)), .saved = arena_alloc(&arena, n * slots * sizeof(long)),
                                    .seen = arena_alloc(&arena, n * sizeof(uint32_t))};
        memset(lists[i].seen, 0, n * sizeof(uint32_t));
    }
    struct machine m = {.regex = r, .text = text, .size = size, .slots = slots};
    m.stack = arena_alloc(&arena, (3 * n + 4) * sizeof *m.stack);
    m.undo = arena_alloc(&arena, (3 * n + 4) * sizeof *m.undo);
    long *best = arena_alloc(&arena, slots * sizeof *best), *fresh = arena_alloc(&arena, slots * sizeof *fresh);
    bool matched = run(&m, lists, from, best, fresh);
    if (matched && out)
        for (size_t i = 0; i < REGEX_GROUPS_MAX; i++) {
            bool part = i < r->groups && best[i * 2] >= 0 && best[i * 2 + 1] >= 0;
            out->start[i] = part ? best[i * 2] : -1;
            out->end[i] = part ? best[i * 2 + 1] : -1;
        }
    arena_fini(&arena);
    return matched;
}

enum { RECENT = 16 };

const struct regex *regex_recent(const char *pattern, const char **out_why)
{
    static struct { char *pattern; struct regex *regex; } recent[RECENT];
    static unsigned next;
    for (size_t i = 0; i < RECENT; i++)
        if (recent[i].regex && !strcmp(recent[i].pattern, pattern)) return recent[i].regex;
    struct regex *made = regex_make(pattern, out_why);
    if (!made) return nullptr;
    unsigned slot = next++ % RECENT;
    free(recent[slot].pattern);
    regex_free(recent[slot].regex);
    recent[slot].pattern = heap_copy(pattern);
    recent[slot].regex = made;
    return made;
}

bool regex_matches_whole(const char *pattern, const char *text)
{
    const char *why;
    size_t size = strlen(pattern);
    char *whole = heap_alloc(size + 3);
    whole[0] = '^';
    memcpy(whole + 1, pattern, size);
    memcpy(whole + size + 1, "$", 2);
    const struct regex *regex = regex_recent(whole, &why);
    free(whole);
    return regex && regex_search(regex, text, strlen(text), 0, nullptr);
}
