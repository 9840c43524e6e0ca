/* SPDX-License-Identifier: MIT
 * Which candidates there are (complete.h). All that match worse than the best are left out. */
#include "edit/complete.h"
#include "job.h"
#include "value/mem.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CANDIDATES_MAX = 5000 };
extern char **environ;

struct finder {
    struct shell *sh;
    struct arena *arena;
    struct completions *out;
    char quote;              /* that the word is in */
    const char *typed;       /* the word without quotes and backslashes */
    size_t typed_size;
    int best;
    bool asked;
    struct list words;       /* of the command, as they mean, up to the one that is typed */
};

int match_rank(const char *name, const char *typed, size_t size)
{
    if (!strncmp(name, typed, size)) return 0;
    if (!strncasecmp(name, typed, size)) return 1;
    if (strcasestr(name, typed)) return 2;
    const char *at = name;
    for (size_t i = 0; i < size; i++, at++) {
        while (*at && tolower((unsigned char)*at) != tolower((unsigned char)typed[i])) at++;
        if (!*at) return -1;
    }
    return size >= 2 ? 3 : -1;
}

/* The text as it must be written in the line. */
static char *quoted(const struct finder *f, const char *text, const char *after)
{
    struct buf out = buf_make(f->arena);
    bool open = strcmp(after, "/") == 0;
    if (f->quote) buf_char(&out, f->quote);
    for (const char *at = text; *at; at++) {
        bool tilde = *at == '~' && at == text && !f->quote;
        if (!f->quote && !tilde && strchr(" '\"$@~?*{}()[]\\&|;<>#!^", *at)) buf_char(&out, '\\');
        if (f->quote == '"' && strchr("\"$@\\", *at)) buf_char(&out, '\\');
        buf_char(&out, *at);
    }
    if (f->quote && !open) buf_char(&out, f->quote);
    buf_text(&out, after);
    return out.at;
}

/* `start` is what stands before the part that is matched; the whole is start, name and what follows. */
static void offer(struct finder *f, const char *start, const char *name, const char *typed, size_t size, const char *after, const char *description)
{
    int rank = match_rank(name, typed, size);
    if (rank < 0 || rank > f->best || f->out->count >= CANDIDATES_MAX) return;
    if (rank < f->best) {
        size_t from = f->out->from, to = f->out->to;
        completions_fini(f->out);
        f->out->from = from, f->out->to = to;
        f->best = rank;
    }
    completions_add(f->out, quoted(f, arena_print(f->arena, "%s%s", start, name), after),
                    arena_print(f->arena, "%s%s", name, *after == '/' ? "/" : ""), description);
}

static void offer_word(struct finder *f, const char *name, const char *description)
{
    offer(f, "", name, f->typed, f->typed_size, " ", description);
}

/* -- paths ----------------------------------------------------------------------------------------------------------------- */

static char *home_of(struct finder *f, const char *user, size_t size)
{
    if (!size) return getenv("HOME") ? getenv("HOME") : arena_print(f->arena, "/");
    const struct passwd *entry = getpwnam(arena_copy(f->arena, user, size));
    return entry ? arena_print(f->arena, "%s", entry->pw_dir) : nullptr;
}

/* Where the typed folder really is: `~`, `~user`. */
static char *real_folder(struct finder *f, const char *folder)
{
    if (*folder != '~') return arena_print(f->arena, "%s", *folder ? folder : ".");
    size_t name = strcspn(folder + 1, "/");
    char *home = home_of(f, folder + 1, name);
    return home ? arena_print(f->arena, "%s%s", home, folder + 1 + name) : arena_print(f->arena, "%s", folder);
}

static const char *size_text(struct finder *f, off_t size)
{
    static const char UNITS[] = "BKMGT";
    double value = (double)size;
    unsigned unit = 0;
    while (value >= 1000 && unit + 2 < sizeof UNITS) value /= 1024, unit++;
    return arena_print(f->arena, unit && value < 10 ? "%.1f%c" : "%.0f%c", value, UNITS[unit]);
}

enum wanted : uint8_t { WANT_ALL, WANT_FOLDERS, WANT_PROGRAMS };

static void offer_entry(struct finder *f, int folder, const char *start, const char *name, const char *last, enum wanted wanted)
{
    struct stat info, link;
    if (match_rank(name, last, strlen(last)) < 0 || match_rank(name, last, strlen(last)) > f->best) return;
    bool known = !fstatat(folder, name, &info, AT_NO_AUTOMOUNT), is_folder = known && S_ISDIR(info.st_mode);
    bool program = known && S_ISREG(info.st_mode) && info.st_mode & 0111;
    if ((wanted == WANT_FOLDERS && !is_folder) || (wanted == WANT_PROGRAMS && !is_folder && !program)) return;
    bool is_link = !fstatat(folder, name, &link, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) && S_ISLNK(link.st_mode);
    const char *what = is_folder ? is_link ? "folder, by a link" : nullptr : !known ? is_link ? "link to nothing" : nullptr
                       : program ? "program" : S_ISREG(info.st_mode) ? size_text(f, info.st_size) : S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode) ? "device"
                       : S_ISFIFO(info.st_mode) ? "pipe" : S_ISSOCK(info.st_mode) ? "socket" : nullptr;
    offer(f, start, name, last, strlen(last), is_folder ? "/" : " ", what);
}

static bool offer_folder(struct finder *f, const char *start, const char *last, enum wanted wanted)
{
    int file = open(real_folder(f, start), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = file >= 0 ? fdopendir(file) : nullptr;
    size_t before = f->out->count;
    if (!folder) return file >= 0 ? close(file), false : false;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (*entry->d_name == '.' && (*last != '.' || !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))) continue;
        offer_entry(f, file, start, entry->d_name, last, wanted);
    }
    closedir(folder);
    return f->out->count > before;
}

/* Each folder of the path may be short for one: /u/lo/b is /usr/local/bin. */
static void offer_short(struct finder *f, const char *done, const char *rest, enum wanted wanted)
{
    const char *slash = strchr(rest, '/');
    if (!slash) {
        offer_folder(f, done, rest, wanted);
        return;
    }
    char *part = arena_copy(f->arena, rest, (size_t)(slash - rest));
    if (!*part || !strcmp(part, ".") || !strcmp(part, "..") || (*part == '~' && !*done))
        return offer_short(f, arena_print(f->arena, "%s%s/", done, part), slash + 1, wanted);
    DIR *folder = opendir(real_folder(f, done));
    if (!folder) return;
    int tried = 0;
    for (const struct dirent *entry; tried < 32 && (entry = readdir(folder));) {
        if (strncmp(entry->d_name, part, strlen(part)) || (*entry->d_name == '.' && *part != '.')) continue;
        tried++;
        offer_short(f, arena_print(f->arena, "%s%s/", done, entry->d_name), slash + 1, wanted);
    }
    closedir(folder);
}

static void offer_users(struct finder *f, const char *sigil, const char *typed, const char *after)
{
    setpwent();
    for (const struct passwd *user; (user = getpwent());)
        offer(f, sigil, user->pw_name, typed, strlen(typed), after, user->pw_dir);
    endpwent();
}

static void offer_paths(struct finder *f, enum wanted wanted)
{
    const char *slash = strrchr(f->typed, '/');
    if (!slash && *f->typed == '~') return offer_users(f, "~", f->typed + 1, "/");
    char *folder = arena_copy(f->arena, f->typed, slash ? (size_t)(slash - f->typed) + 1 : 0);
    const char *last = slash ? slash + 1 : f->typed;
    struct stat info;
    if (stat(real_folder(f, folder), &info)) offer_short(f, "", f->typed, wanted);
    else offer_folder(f, folder, last, wanted);
}

/* -- names ----------------------------------------------------------------------------------------------------------------- */

static struct list names(struct finder *f, enum name_kind kind)
{
    struct list list = list_make(f->arena);
    shell_names(f->sh, kind, &list);
    return list;
}

static void offer_programs(struct finder *f)
{
    const char *path = getenv("PATH");
    char *folders = arena_print(f->arena, "%s", path ? path : "/bin:/usr/bin"), *rest = nullptr;
    for (char *name = strtok_r(folders, ":", &rest); name; name = strtok_r(nullptr, ":", &rest)) {
        DIR *folder = opendir(name);
        if (!folder) continue;
        for (const struct dirent *entry; (entry = readdir(folder));) {
            int rank = match_rank(entry->d_name, f->typed, f->typed_size);
            if (*entry->d_name == '.' || rank < 0 || rank > f->best || faccessat(dirfd(folder), entry->d_name, X_OK, 0)) continue;
            offer_word(f, entry->d_name, nullptr);
        }
        closedir(folder);
    }
}

static void offer_builtins(struct finder *f)
{
    struct list list = names(f, NAMES_BUILTINS);
    for (size_t i = 0; i < list.count; i++) {
        const struct builtin *builtin = builtin_find(list.at[i]);
        offer_word(f, list.at[i], builtin && builtin->summary && *builtin->summary ? builtin->summary : "builtin");
    }
}

static void offer_commands(struct finder *f)
{
    if (memchr(f->typed, '/', f->typed_size) || *f->typed == '~' || *f->typed == '.') return offer_paths(f, WANT_PROGRAMS);
    struct list functions = names(f, NAMES_FUNCTIONS), aliases = names(f, NAMES_ALIASES);
    for (size_t i = 0; i < functions.count; i++) {
        const struct value *value = scope_find(f->sh->scope, functions.at[i]);
        const char *about = value && value->kind == VALUE_FUNCTION ? value->function->definition->description : nullptr;
        offer_word(f, functions.at[i], about && *about ? about : "function");
    }
    for (size_t i = 0; i < aliases.count; i++) {
        const struct value *value = scope_find(f->sh->scope, aliases.at[i]);
        offer_word(f, aliases.at[i], value && value->text ? arena_print(f->arena, "alias of %s", value->text) : "alias");
    }
    offer_builtins(f);
    for (size_t i = 0; KEYWORDS[i]; i++) offer_word(f, KEYWORDS[i], "keyword");
    offer_programs(f);
    offer_paths(f, WANT_FOLDERS);
}

static const char *value_text(struct finder *f, const char *name)
{
    const struct value *value = scope_find(f->sh->scope, name);
    struct list parts = list_make(f->arena);
    if (!value) return getenv(name);
    if (value->kind == VALUE_STRING) return value->text;
    value_flatten(value, &parts);
    return arena_print(f->arena, "[%s]", list_join(&parts, " "));
}

static void offer_variable(struct finder *f, const char *sigil, const char *name, const char *typed, const char *after, const char *about)
{
    const char *text = about ? about : value_text(f, name);
    int rank = match_rank(name, typed, strlen(typed));
    if (rank < 0 || rank > f->best) return;
    offer(f, sigil, name, typed, strlen(typed), after, text ? arena_print(f->arena, "%.60s", text) : nullptr);
}

static void offer_environment(struct finder *f, const char *sigil, const char *typed, const char *after)
{
    for (char **at = environ; at && *at; at++) {
        const char *equals = strchr(*at, '=');
        if (!equals) continue;
        char *name = arena_copy(f->arena, *at, (size_t)(equals - *at));
        if (!scope_find(f->sh->scope, name)) offer_variable(f, sigil, name, typed, after, equals + 1);
    }
}

/* After a sigil: variables, methods. The sigil and an opening brace stay as they are. */
static void offer_sigil(struct finder *f, const char *text)
{
    bool array = *text == '@', braced = text[1] == '{';
    const char *typed = text + 1 + braced, *sigil = arena_copy(f->arena, text, 1 + braced), *after = braced ? "}" : "";
    struct list variables = names(f, array ? NAMES_ARRAYS : NAMES_STRINGS), methods = names(f, array ? NAMES_ARRAY_METHODS : NAMES_STRING_METHODS);
    for (size_t i = 0; i < variables.count; i++) offer_variable(f, sigil, variables.at[i], typed, after, nullptr);
    if (!array) offer_environment(f, sigil, typed, after);
    for (size_t i = 0; i < methods.count && !braced && *typed; i++) offer_variable(f, sigil, methods.at[i], typed, "(", "method");
}

static void offer_let_names(struct finder *f)
{
    for (int kind = NAMES_STRINGS; kind <= NAMES_ARRAYS; kind++) {
        struct list list = names(f, (enum name_kind)kind);
        for (size_t i = 0; i < list.count; i++) offer_variable(f, "", list.at[i], f->typed, " ", nullptr);
    }
}

static void offer_jobs(struct finder *f)
{
    const char *command;
    bool stopped;
    for (size_t i = 0; job_next(f->sh, &i, &command, &stopped); i++)
        offer_word(f, arena_print(f->arena, "%zu", i), arena_print(f->arena, "%s%s", command, stopped ? " (stopped)" : ""));
}

static void offer_signals(struct finder *f)
{
    static const struct { const char *name, *about; } SIGNALS[] = {
        {"-TERM", "end, please"}, {"-KILL", "end at once"}, {"-INT", "as Ctrl-C"}, {"-HUP", "the terminal is gone; often: read the configuration"},
        {"-STOP", "stop"}, {"-CONT", "go on"}, {"-USR1", "the program's own"}, {"-USR2", "the program's own"}, {"-QUIT", "as Ctrl-\\"}};
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS && f->typed_size; i++) offer_word(f, SIGNALS[i].name, SIGNALS[i].about);
    DIR *folder = f->typed_size && *f->typed == '-' ? nullptr : opendir("/proc");
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!isdigit((unsigned char)*entry->d_name)) continue;
        char name[64] = "";
        int file = open(arena_print(f->arena, "/proc/%s/comm", entry->d_name), O_RDONLY | O_CLOEXEC);
        ssize_t size = file >= 0 ? read(file, name, sizeof name - 1) : 0;
        if (file >= 0) close(file);
        name[size > 0 ? strcspn(name, "\n") : 0] = 0;
        offer_word(f, entry->d_name, arena_print(f->arena, "%s", name));
    }
    if (folder) closedir(folder);
}

/* The lines of the table; `dashes`: options, otherwise first words. */
static void offer_table(struct finder *f, const char *table, bool dashes)
{
    for (const char *at = table; *at;) {
        size_t line = strcspn(at, "\n"), tab = strcspn(at, "\t");
        const char *about = arena_copy(f->arena, at + tab + 1, line > tab ? line - tab - 1 : 0);
        for (size_t i = 0; i < tab;) {
            size_t end = i + strcspn(at + i, ",\t");
            char *name = arena_copy(f->arena, at + i, end - i);
            bool wants_value = *name && name[strlen(name) - 1] == '=';
            if ((*name == '-') == dashes) offer(f, "", name, f->typed, f->typed_size, wants_value ? "" : " ", about);
            for (i = end; i < tab && strchr(", ", at[i]); i++) {}
        }
        at += line + (at[line] == '\n');
    }
}

/* The user's function for this command: COMPLETE_ and its name, with `_` for what a name cannot have. It sees the words so far as
 * @WORDS and says one candidate in a line, with a tab before what it does. */
static bool offer_from_function(struct finder *f, const char *command)
{
    char *name = arena_print(f->arena, "COMPLETE_%s", command), *said;
    for (char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at)) *at = '_';
    const struct value *function = f->asked ? scope_find(f->sh->scope, name) : nullptr;
    if (!function || function->kind != VALUE_FUNCTION) return false;
    struct value *words = value_make(VALUE_ARRAY);
    for (size_t i = 0; i < f->words.count; i++) value_insert(words, i, value_string(f->words.at[i]));
    scope_set(&f->sh->global, "WORDS", words);
    job_control_forget(f->sh);
    struct part call = {.kind = PART_PROCESS, .text = name, .size = strlen(name)};
    if (!capture(f->sh, &call, &said)) return false;
    for (char *line = said, *rest = nullptr; (line = strtok_r(line, "\n", &rest)); line = nullptr) {
        char *about = strchr(line, '\t');
        if (about) *about++ = 0;
        offer_word(f, line, about);
    }
    return f->out->count > 0;
}

/* -- which of them --------------------------------------------------------------------------------------------------------- */

static void offer_argument(struct finder *f, const char *command, bool first)
{
    const char *slash = strrchr(command, '/');
    const char *name = slash ? slash + 1 : command, *table = options_of(name);
    if (offer_from_function(f, name)) return;
    if (table && *f->typed == '-') offer_table(f, table, true);
    if (table && first && *f->typed != '-') offer_table(f, table, false);
    if (f->out->count && *f->typed == '-') return;
    switch (argument_kind_of(name)) {
    case ARGUMENT_FILES: offer_paths(f, WANT_ALL); break;
    case ARGUMENT_FOLDERS: offer_paths(f, WANT_FOLDERS); break;
    case ARGUMENT_COMMANDS: first ? offer_commands(f) : offer_paths(f, WANT_ALL); break;
    case ARGUMENT_JOBS: offer_jobs(f); break;
    case ARGUMENT_VARIABLES: offer_let_names(f); break;
    case ARGUMENT_ALIASES: {
        struct list aliases = names(f, NAMES_ALIASES);
        for (size_t i = 0; i < aliases.count; i++) offer_word(f, aliases.at[i], "alias");
        break;
    }
    case ARGUMENT_USERS: first ? offer_users(f, "", f->typed, " ") : offer_paths(f, WANT_ALL); break;
    case ARGUMENT_SIGNALS: offer_signals(f); break;
    case ARGUMENT_BUILTINS: offer_builtins(f); break;
    case ARGUMENT_WORDS:
        if (!f->out->count) offer_paths(f, WANT_ALL);
        break;
    case ARGUMENT_NONE: break;
    }
}

static char *plain_text(struct arena *arena, const char *text, size_t size, char *out_quote)
{
    struct buf out = buf_make(arena);
    char quote = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (quote ? c == quote : c == '\'' || c == '"') quote = quote ? 0 : c;
        else if (c == '\\' && quote != '\'' && i + 1 < size) buf_char(&out, text[++i]);
        else buf_char(&out, c);
    }
    *out_quote = quote;
    return out.at;
}

/* Where a `$name`, `@name` or `${name` that ends the text begins; SIZE_MAX: nowhere. */
static size_t sigil_start(const char *text, size_t start, size_t end)
{
    size_t at = end;
    while (at > start && (isalnum((unsigned char)text[at - 1]) || text[at - 1] == '_')) at--;
    if (at > start + 1 && text[at - 1] == '{') at--;
    if (at == start || (text[at - 1] != '$' && text[at - 1] != '@')) return SIZE_MAX;
    if (at - 1 > start && text[at - 2] == '\\') return SIZE_MAX;
    return at - 1;
}

static int by_label(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    return strcmp(left->label ? left->label : left->text, right->label ? right->label : right->text);
}

/* Sorted, each once; the first that was offered stays, because it is the one that would run. */
static void arrange(struct completions *c)
{
    for (size_t i = 0; i < c->count && c->count < 1500; i++) {
        for (size_t j = i + 1; j < c->count; j++) {
            if (strcmp(c->at[i].text, c->at[j].text)) continue;
            free(c->at[j].text), free(c->at[j].label), free(c->at[j].description);
            c->at[j--] = c->at[--c->count];
        }
    }
    if (c->count) qsort(c->at, c->count, sizeof *c->at, by_label);
}

void complete(struct shell *sh, const char *text, size_t size, size_t cursor, bool asked, struct completions *out)
{
    struct arena *arena = &sh->scratch;
    struct lexed words = {};
    if (cursor > size) cursor = size;
    /* With a letter at the cursor there always is a word, and never a keyword that is still being typed. */
    char *probe = arena_print(arena, "%.*sx", (int)cursor, text);
    lex(&words, probe, cursor + 1);
    const struct lex_word *word = nullptr;
    for (size_t i = 0; i < words.word_count; i++)
        if (words.words[i].start <= cursor && words.words[i].end == cursor + 1) word = &words.words[i];
    *out = (struct completions){};
    if (word) {
        struct finder f = {.sh = sh, .arena = arena, .out = out, .best = 3, .asked = asked, .words = list_make(arena)};
        size_t sigil = sigil_start(text, word->start, cursor);
        f.typed = plain_text(arena, text + word->start, cursor - word->start, &f.quote);
        f.typed_size = strlen(f.typed);
        out->from = word->start, out->to = cursor;
        const struct lex_word *command = word->command < words.word_count ? &words.words[word->command] : nullptr;
        size_t position = command ? (size_t)(word - command) : 0;
        char none;
        char *name = command ? plain_text(arena, text + command->start, command->end - command->start, &none) : arena_print(arena, "%s", "");
        for (const struct lex_word *w = command; w && w < word; w++) list_add(&f.words, plain_text(arena, text + w->start, w->end - w->start, &none));
        if (command) list_add(&f.words, (char *)f.typed);
        /* `sudo -u x ls`: what runs another command hands its role on. */
        bool first = position == 1;
        for (size_t i = word->command + 1; command && !first && i < (size_t)(word - words.words); i++) {
            if (text[words.words[i].start] != '-') break;
            first = words.words + i + 1 == word;
        }
        if (sigil != SIZE_MAX && f.quote != '\'') {
            out->from = sigil;
            f.quote = 0;
            struct completions *result = out;
            char *variable = arena_copy(arena, text + sigil, cursor - sigil);
            offer_sigil(&f, variable);
            /* A sigil is no character to be escaped here. */
            for (size_t i = 0; i < result->count; i++) {
                char *from = result->at[i].text, *to = from;
                for (; *from; from++)
                    if (*from != '\\') *to++ = *from;
                *to = 0;
            }
        } else if (word->role == ROLE_COMMAND) {
            offer_commands(&f);
        } else if (word->role == ROLE_NAME && command && word_is_keyword(name, strlen(name))) {
            offer_let_names(&f);
        } else if (word->role == ROLE_ARGUMENT && *name) {
            offer_argument(&f, name, first);
        } else {
            offer_paths(&f, WANT_ALL);
        }
        arrange(out);
    }
    lexed_fini(&words);
}
