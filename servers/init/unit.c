/* SPDX-License-Identifier: MIT
 * Reads unit files: a table from key to the function that takes the rest of the line. */
#include "unit.h"
#include "abi/handle.h"
#include "base/string.h"
#include "base/try.h"
#include "protocol/group_abi.h"

/* The next word of the line; empty at its end. */
static struct view next_word(struct view *line)
{
    while (line->length > 0 && (line->data[0] == ' ' || line->data[0] == '\t')) {
        line->data++;
        line->length--;
    }
    size_t length = 0;
    while (length < line->length && line->data[length] != ' ' && line->data[length] != '\t')
        length++;
    struct view word = {line->data, length};
    *line = (struct view){line->data + length, line->length - length};
    return word;
}

static bool word_is(struct view word, const char *text)
{
    return view_equal(word, view_of_string(text));
}

/* A word into a zero-terminated field. */
static enum status store_text(struct view word, char *to, size_t size)
{
    if (word.length == 0 || word.length >= size)
        return ERR_INVALID;
    memset(to, 0, size);
    memcpy(to, word.data, word.length);
    return OK;
}

static enum status store_name(struct view word, struct unit_name *to)
{
    return store_text(word, to->text, sizeof to->text);
}

static enum status store_number(struct view word, uint32_t *out)
{
    uint64_t number;
    if (word.length == 0 || view_to_u64(word, &number) != OK || number > UINT32_MAX)
        return ERR_INVALID;
    *out = (uint32_t)number;
    return OK;
}

static enum status take_program(struct unit *u, struct view line)
{
    struct view path = next_word(&line);
    if (path.length > 0 && path.data[0] == '/') /* the initfs has no leading slash */
        path = (struct view){path.data + 1, path.length - 1};
    return store_text(path, u->program, sizeof u->program);
}

enum status unit_add_argument(struct unit *u, struct view text)
{
    if (text.length + 1 > sizeof u->arguments - u->arguments_bytes)
        return ERR_INVALID;
    memcpy(u->arguments + u->arguments_bytes, text.data, text.length);
    u->arguments_bytes += (uint32_t)text.length;
    u->arguments[u->arguments_bytes++] = 0;
    return OK;
}

/* The whole rest of the line is one argument. */
static enum status take_argument(struct unit *u, struct view line)
{
    struct view first = next_word(&line);
    return first.length ? unit_add_argument(u, (struct view){first.data, first.length + line.length}) : ERR_INVALID;
}

static enum status take_scheme(struct unit *u, struct view line)
{
    return store_name(next_word(&line), &u->scheme);
}

static enum status take_names(struct unit_name *list, uint32_t *count, struct view line)
{
    for (struct view word = next_word(&line); word.length > 0; word = next_word(&line)) {
        if (*count == UNIT_LIST_MAX)
            return ERR_INVALID;
        TRY(store_name(word, &list[(*count)++]));
    }
    return OK;
}

static enum status take_use(struct unit *u, struct view line)
{
    return take_names(u->uses, &u->use_count, line);
}

static enum status take_after(struct unit *u, struct view line)
{
    return take_names(u->after, &u->after_count, line);
}

static enum status right_of(struct view word, uint32_t *out)
{
    static const struct { const char *name; uint32_t right; } rights[] = {
        {"read", RIGHT_READ}, {"write", RIGHT_WRITE}, {"execute", RIGHT_EXECUTE},
        {"grant", RIGHT_GRANT}, {"debug", RIGHT_DEBUG}, {"manage", RIGHT_MANAGE}};
    for (size_t i = 0; i < ARRAY_LENGTH(rights); i++) {
        if (word_is(word, rights[i].name)) {
            *out |= rights[i].right;
            return OK;
        }
    }
    return ERR_INVALID;
}

static enum status take_give(struct unit *u, struct view line)
{
    if (u->give_count == UNIT_LIST_MAX)
        return ERR_INVALID;
    struct unit_give give = {};
    TRY(store_name(next_word(&line), &give.name));
    for (struct view word = next_word(&line); word.length > 0; word = next_word(&line))
        TRY(right_of(word, &give.rights));
    u->gives[u->give_count++] = give;
    return OK;
}

static enum status take_ports(struct unit *u, struct view line)
{
    if (u->port_count == ARRAY_LENGTH(u->ports))
        return ERR_INVALID;
    struct unit_ports ports = {};
    TRY(store_name(next_word(&line), &ports.name));
    TRY(store_number(next_word(&line), &ports.base));
    TRY(store_number(next_word(&line), &ports.count));
    u->ports[u->port_count++] = ports;
    return OK;
}

static enum status take_interrupt(struct unit *u, struct view line)
{
    if (u->interrupt_count == ARRAY_LENGTH(u->interrupts))
        return ERR_INVALID;
    struct unit_interrupt interrupt = {};
    TRY(store_name(next_word(&line), &interrupt.name));
    TRY(store_number(next_word(&line), &interrupt.line));
    for (struct view word = next_word(&line); word.length > 0; word = next_word(&line)) {
        if (!word_is(word, "level") && !word_is(word, "low"))
            return ERR_INVALID;
        interrupt.flags |= word_is(word, "level") ? 1u : 2u;
    }
    u->interrupts[u->interrupt_count++] = interrupt;
    return OK;
}

static enum status take_choice(struct view word, const char *yes, const char *no, bool *out)
{
    if (!word_is(word, yes) && !word_is(word, no))
        return ERR_INVALID;
    *out = word_is(word, yes);
    return OK;
}

static enum status take_restart(struct unit *u, struct view line)
{
    struct view word = next_word(&line);
    u->is_vital = word_is(word, "reboot");
    if (u->is_vital) {
        u->restarts = false;
        return OK;
    }
    return take_choice(word, "always", "never", &u->restarts);
}

static enum status take_start(struct unit *u, struct view line)
{
    struct view word = next_word(&line);
    u->is_device = word_is(word, "device");
    if (!u->is_device)
        return take_choice(word, "manual", "boot", &u->is_manual);
    word = next_word(&line);
    u->is_single = word_is(word, "single");
    return u->is_single || word.length == 0 ? OK : ERR_INVALID;
}

static enum status take_allow(struct unit *u, struct view line)
{
    for (struct view word = next_word(&line); word.length > 0; word = next_word(&line)) {
        bool attach;
        TRY(take_choice(word, "attach", "power", &attach));
        *(attach ? &u->may_attach : &u->may_power) = true;
    }
    return OK;
}

static enum status take_mount(struct unit *u, struct view line)
{
    TRY(store_text(next_word(&line), u->mount, sizeof u->mount));
    struct view token = next_word(&line);
    if (token.length > 0 && view_to_u64(token, &u->mount_token) != OK)
        return ERR_INVALID;
    return OK;
}

static enum status take_root(struct unit *u, struct view line)
{
    u->may_be_root = true;
    return next_word(&line).length == 0 ? OK : ERR_INVALID;
}

static enum status take_base(struct unit *u, struct view line)
{
    return store_text(next_word(&line), u->base, sizeof u->base);
}

static enum status take_priority(struct unit *u, struct view line)
{
    return store_number(next_word(&line), &u->priority);
}

/* A number of bytes or things, with K, M or G behind it. */
static enum status store_size(struct view word, uint64_t *out)
{
    static const char units[] = "KMG";
    uint64_t number;
    unsigned shift = 0;
    for (unsigned i = 0; i < 3 && word.length > 0; i++)
        if (word.data[word.length - 1] == units[i])
            shift = 10 * (i + 1);
    word.length -= shift != 0;
    if (word.length == 0 || view_to_u64(word, &number) != OK || number > UINT64_MAX >> shift)
        return ERR_INVALID;
    *out = number << shift;
    return OK;
}

static enum status take_limit(struct unit *u, struct view line)
{
    static const char *const names[UNIT_LIMITS] = {
        [GROUP_MEMORY] = "memory", [GROUP_HANDLES] = "handles", [GROUP_CONTEXTS] = "contexts", [GROUP_CPU] = "cpu"};
    struct view name = next_word(&line);
    for (uint32_t i = 0; i < UNIT_LIMITS; i++)
        if (word_is(name, names[i])) {
            u->has_limits = true;
            TRY(store_size(next_word(&line), &u->limits[i]));
            if (i == GROUP_CPU) /* in thousandths from here on */
                return __builtin_mul_overflow(u->limits[i], 10ull, &u->limits[i]) ? ERR_INVALID : OK;
            return OK;
        }
    return ERR_INVALID;
}

static enum status take_line(struct unit *u, struct view line)
{
    static const struct { const char *key; enum status (*read)(struct unit *u, struct view rest); } keys[] = {
        {"program", take_program}, {"argument", take_argument}, {"scheme", take_scheme}, {"use", take_use}, {"give", take_give},
        {"ports", take_ports}, {"interrupt", take_interrupt}, {"after", take_after}, {"restart", take_restart},
        {"start", take_start}, {"mount", take_mount}, {"priority", take_priority}, {"allow", take_allow},
        {"limit", take_limit}, {"root", take_root}, {"base", take_base}};
    struct view key = next_word(&line);
    if (key.length == 0)
        return OK;
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        if (word_is(key, keys[i].key))
            return keys[i].read(u, line);
    return ERR_INVALID;
}

enum status unit_parse(struct view name, struct view text, struct unit *out, uint32_t *out_line)
{
    struct unit u = {.restarts = true, .limits = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    *out_line = 0;
    TRY(store_name(name, &u.name));
    TRY(unit_add_argument(&u, name));
    while (text.length > 0) {
        struct view line, comment;
        view_split(text, '\n', &line, &text);
        view_split(line, '#', &line, &comment);
        ++*out_line;
        TRY(take_line(&u, line));
    }
    if (!u.program[0])
        return ERR_INVALID;
    *out = u;
    return OK;
}

/* NAME, a separator, INSTANCE. */
static enum status name_join(struct unit_name *name, char separator, struct view instance)
{
    size_t length = string_length(name->text, sizeof name->text);
    if (instance.length + 2 > sizeof name->text - length)
        return ERR_NAME_TOO_LONG;
    name->text[length] = separator;
    memcpy(name->text + length + 1, instance.data, instance.length);
    return OK;
}

enum status unit_instance(const struct unit *template, struct view instance, struct unit *out)
{
    struct unit u = *template;
    u.is_device = false;
    if (!u.is_single && instance.length > 0) {
        TRY(name_join(&u.name, ':', instance));
        if (u.scheme.text[0])
            TRY(name_join(&u.scheme, '.', instance)); /* a colon ends a scheme's name where it is opened */
    }
    *out = u;
    return OK;
}

struct view unit_name_view(const struct unit_name *name)
{
    return (struct view){(const uint8_t *)name->text, string_length(name->text, sizeof name->text)};
}

bool unit_name_is(const struct unit_name *name, struct view text)
{
    return view_equal(unit_name_view(name), text);
}
