/* SPDX-License-Identifier: MIT
 * Builtins that read. `read` takes byte by byte: what follows the line belongs to the next reader. */
#include "builtin/builtin.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool do_read(struct shell *sh, const struct list *a)
{
    bool terminal = isatty(0);
    sh->status = 0;
    for (size_t i = 1; i < a->count; i++) {
        struct buf line = buf_make(&sh->scratch);
        char c;
        ssize_t size;
        if (!name_is_valid(a->at[i])) return complain(sh, "ion: read: '%s' is not a valid name\n", a->at[i]), answer(sh, 1);
        if (terminal) sayf(sh, "%s=", a->at[i]);
        while ((size = read(0, &c, 1)) == 1 && c != '\n')
            if (c) buf_char(&line, c);
        if (size < 0 && errno == EINTR) return answer(sh, 1);
        if (size != 1 && !line.size) return true;
        char *text = line.at;
        while (is_blank(*text)) text++;
        size_t left = strlen(text);
        while (left && is_blank(text[left - 1])) text[--left] = 0;
        scope_set(sh->scope, a->at[i], value_string(text));
    }
    return true;
}

struct mapping {
    const char *delimiter, *file, *name;
    long limit, origin, skip;
    bool has_origin, keep_empty;
};

/* -dX or -d X; moves *i to the last word of the option. */
static const char *option_value(const struct list *a, size_t *i)
{
    if (a->at[*i][2]) return a->at[*i] + 2;
    return *i + 1 < a->count ? a->at[++*i] : nullptr;
}

static bool read_options(struct shell *sh, const struct list *a, struct mapping *m)
{
    for (size_t i = 1; i < a->count; i++) {
        const char *word = a->at[i];
        if (!strcmp(word, "--keep-empty")) {
            m->keep_empty = true;
            continue;
        }
        if (*word != '-' || !word[1]) {
            m->name = word;
            continue;
        }
        char letter = word[1];
        const char *value = strchr("dnOsu", letter) ? option_value(a, &i) : nullptr;
        bool good = value != nullptr;
        if (good && letter == 'd') m->delimiter = value;
        else if (good && letter == 'u') m->file = value;
        else if (good && letter == 'n') good = whole_number(value, &m->limit) && m->limit >= 0;
        else if (good && letter == 's') good = whole_number(value, &m->skip) && m->skip >= 0;
        else if (good && letter == 'O') good = m->has_origin = whole_number(value, &m->origin) && m->origin >= 0;
        if (!good) return complain(sh, "ion: mapfile: invalid option '%s'\n", word), false;
    }
    return name_is_valid(m->name) || (complain(sh, "ion: mapfile: '%s' is not a valid name\n", m->name), false);
}

static void split_into(struct mapping *m, char *text, struct value *array)
{
    size_t size = *m->delimiter ? strlen(m->delimiter) : 1, at = m->has_origin ? (size_t)m->origin : array->count;
    const char *delimiter = *m->delimiter ? m->delimiter : "\n";
    if (at > array->count) at = array->count;
    for (long taken = 0; text && (m->limit < 0 || taken < m->limit);) {
        char *end = strstr(text, delimiter);
        if (end) *end = 0;
        bool last = !end && !*text;
        if ((*text || m->keep_empty) && !last) {
            if (m->skip > 0) m->skip--;
            else value_insert(array, at++, value_string(text)), taken++;
        }
        text = end ? end + size : nullptr;
    }
}

bool do_mapfile(struct shell *sh, const struct list *a)
{
    struct mapping m = {.delimiter = "\n", .name = "MAPFILE", .limit = -1};
    struct buf text = buf_make(&sh->scratch);
    if (!read_options(sh, a, &m)) return answer(sh, 1);
    int file = m.file ? open(m.file, O_RDONLY | O_CLOEXEC) : 0;
    if (file < 0 || !read_everything(file, &text)) {
        complain(sh, "ion: mapfile: %s: %s (os error %d)\n", m.file ? m.file : "stdin", strerror(errno), errno);
        if (file > 0) close(file);
        return answer(sh, 1);
    }
    if (file > 0) close(file);
    const struct value *old = m.has_origin ? scope_find(sh->scope, m.name) : nullptr;
    struct value *array = old && old->kind == VALUE_ARRAY ? value_copy(old) : value_make(VALUE_ARRAY);
    split_into(&m, text.at, array);
    scope_set(sh->scope, m.name, array);
    return answer(sh, 0);
}
