/* SPDX-License-Identifier: MIT
 * What stands for parts of the history's last line, outside quotes: `!!` all of it, `!$` its last word, `!0` its command, `!^` its
 * first argument, `!*` all arguments. */
#include "edit/history.h"
#include "edit/lex.h"
#include "edit/designator.h"
#include <string.h>

struct parts {
    const char *text;
    size_t from, to;
};

/* The bytes of the line that the designator means; false: it is none. */
static bool part_of(const char *line, const struct lexed *words, char which, struct parts *out)
{
    size_t first = 0, count = 0, last = 0;
    for (size_t i = 0; i < words->word_count; i++) {
        if (words->words[i].depth) continue;
        if (count == 1) first = i;
        last = i, count++;
    }
    if (!count || !strchr("!$0^*", which)) return false;
    const struct lex_word *w = words->words;
    *out = (struct parts){line, 0, strlen(line)};
    if (which == '!') return true;
    if (which == '0') out->from = w[0].start, out->to = w[0].end;
    else if (which == '$') out->from = w[last].start, out->to = w[last].end;
    else if (count < 2) out->from = out->to = 0;
    else out->from = w[first].start, out->to = which == '^' ? w[first].end : w[last].end;
    return true;
}

bool designators_expand(const struct history *history, const char *text, struct output *out)
{
    const char *line = history->count ? history->entries[history->count - 1].text : "";
    struct lexed words = {};
    bool changed = false, single = false, quoted = false;
    struct parts part;
    lex(&words, line, strlen(line));
    for (const char *at = text; *at; at++) {
        if (*at == '\\' && !single && at[1]) {
            output_bytes(out, at++, 2);
            continue;
        }
        if (*at == '\'' && !quoted) single = !single;
        if (*at == '"' && !single) quoted = !quoted;
        if (*at == '!' && at[1] && !single && !quoted && part_of(line, &words, at[1], &part)) {
            output_bytes(out, part.text + part.from, part.to - part.from);
            changed = true;
            at++;
        } else {
            output_bytes(out, at, 1);
        }
    }
    lexed_fini(&words);
    return changed;
}
