/* SPDX-License-Identifier: MIT
 * The line discipline (see line.h): editing, echo, signals and flow control of terminal input, processing of output. */
#include "line.h"
#include "base/string.h"

#define OUTPUT_WORST 8u /* a tab becomes at most eight spaces */

static bool input_flag(const struct line *l, uint32_t flag) { return l->settings.input & flag; }
static bool output_flag(const struct line *l, uint32_t flag) { return l->settings.output & flag; }
static bool local_flag(const struct line *l, uint32_t flag) { return l->settings.local & flag; }

/* Is `byte` the special character `index`? Zero disables one. */
static bool is_special(const struct line *l, uint8_t byte, int index)
{
    return l->settings.characters[index] && l->settings.characters[index] == byte;
}

static bool is_control(uint8_t byte) { return byte < 0x20 || byte == 0x7f; }

static bool is_continuation(const struct line *l, uint8_t byte)
{
    return input_flag(l, INPUT_UTF8) && (byte & 0xc0) == 0x80;
}

static uint8_t *input_at(struct line *l, uint32_t position) { return &l->input[position % LINE_INPUT_BYTES]; }

static bool is_marked(const struct line *l, uint32_t position)
{
    uint32_t index = position % LINE_INPUT_BYTES;
    return l->marks[index / 8] & (1u << (index % 8));
}

static void set_mark(struct line *l, uint32_t position, bool marked)
{
    uint32_t index = position % LINE_INPUT_BYTES;
    uint8_t bit = (uint8_t)(1u << (index % 8));
    l->marks[index / 8] = marked ? l->marks[index / 8] | bit : l->marks[index / 8] & (uint8_t)~bit;
}

/* -- output -- */

static uint32_t output_room(const struct line *l) { return LINE_OUTPUT_BYTES - (l->output_head - l->output_tail); }

static void put_raw(struct line *l, uint8_t byte)
{
    if (output_room(l) == 0)
        return; /* an echo that finds no room is lost; programs' output checks first */
    l->output[l->output_head++ % LINE_OUTPUT_BYTES] = byte;
}

static void put_tab(struct line *l)
{
    uint32_t spaces = 8 - (l->column & 7);
    l->column += spaces;
    if ((l->settings.output & OUTPUT_TAB_MASK) != OUTPUT_EXPAND_TABS) {
        put_raw(l, '\t');
        return;
    }
    while (spaces--)
        put_raw(l, ' ');
}

static void put_return(struct line *l)
{
    if (output_flag(l, OUTPUT_NO_CR_AT_0) && l->column == 0)
        return;
    if (output_flag(l, OUTPUT_CR_TO_NL)) {
        put_raw(l, '\n');
        return;
    }
    l->column = 0;
    put_raw(l, '\r');
}

static void put_newline(struct line *l)
{
    if (output_flag(l, OUTPUT_NL_TO_CRNL))
        put_raw(l, '\r');
    if (output_flag(l, OUTPUT_NL_TO_CRNL | OUTPUT_NL_RETURNS))
        l->column = 0;
    put_raw(l, '\n');
}

/* One byte through output processing. */
static void put(struct line *l, uint8_t byte)
{
    if (!output_flag(l, OUTPUT_PROCESS)) {
        put_raw(l, byte);
        return;
    }
    switch (byte) {
    case '\n': put_newline(l); return;
    case '\r': put_return(l); return;
    case '\t': put_tab(l); return;
    case '\b':
        if (l->column)
            l->column--;
        put_raw(l, byte);
        return;
    }
    if (output_flag(l, OUTPUT_UPPER) && byte >= 'a' && byte <= 'z')
        byte = (uint8_t)(byte - 'a' + 'A');
    if (!is_control(byte) && !is_continuation(l, byte))
        l->column++;
    put_raw(l, byte);
}

size_t line_write(struct line *l, struct view bytes)
{
    size_t taken = 0;
    while (taken < bytes.length && line_can_write(l))
        put(l, bytes.data[taken++]);
    return taken;
}

bool line_can_write(const struct line *l) { return output_room(l) >= LINE_ECHO_RESERVE + OUTPUT_WORST; }

bool line_output_empty(const struct line *l) { return l->output_head == l->output_tail; }

size_t line_transmit(struct line *l, struct span to)
{
    size_t count = 0;
    while (!l->stopped && count < to.length && l->output_tail != l->output_head)
        to.data[count++] = l->output[l->output_tail++ % LINE_OUTPUT_BYTES];
    return count;
}

void line_flush_output(struct line *l) { l->output_tail = l->output_head; }

/* -- echo -- */

/* Columns that the echo of `byte` took on the screen, starting at `column`. */
static uint32_t echo_width(const struct line *l, uint8_t byte, uint32_t column)
{
    if (byte == '\t')
        return 8 - (column & 7);
    if (is_control(byte))
        return local_flag(l, LOCAL_ECHO_CONTROL) ? 2 : 0;
    return is_continuation(l, byte) ? 0 : 1;
}

static void echo(struct line *l, uint8_t byte)
{
    if (is_control(byte) && byte != '\n' && byte != '\t' && local_flag(l, LOCAL_ECHO_CONTROL)) {
        put(l, '^');
        put(l, byte ^ 0x40);
    } else {
        put(l, byte);
    }
}

static void echo_if_wanted(struct line *l, uint8_t byte)
{
    if (local_flag(l, LOCAL_ECHO))
        echo(l, byte);
}

static void back_over(struct line *l, uint32_t columns)
{
    while (columns--) {
        put(l, '\b');
        put(l, ' ');
        put(l, '\b');
    }
}

static void ring_bell(struct line *l)
{
    if (input_flag(l, INPUT_BELL_WHEN_FULL))
        put(l, '\a');
}

/* -- editing -- */

static void echo_erased(struct line *l, uint8_t byte)
{
    if (byte == '\t') { /* its width depends on all that is before it */
        uint32_t column = l->line_column;
        for (uint32_t at = l->canonical; at != l->head; at++)
            column += echo_width(l, *input_at(l, at), column);
        for (uint32_t width = 8 - (column & 7); width; width--)
            put(l, '\b');
        return;
    }
    back_over(l, echo_width(l, byte, 0));
}

/* Takes the last character (all of its bytes) off the line being typed. */
static void erase_last(struct line *l, bool visibly)
{
    uint8_t byte = *input_at(l, --l->head);
    while (l->head != l->canonical && is_continuation(l, byte))
        byte = *input_at(l, --l->head);
    if (visibly)
        echo_erased(l, byte);
}

static void edit_erase(struct line *l, uint8_t key)
{
    if (l->head == l->canonical)
        return;
    bool visibly = local_flag(l, LOCAL_ECHO) && local_flag(l, LOCAL_ECHO_ERASE);
    erase_last(l, visibly);
    if (!visibly)
        echo_if_wanted(l, key);
}

static void edit_kill(struct line *l, uint8_t key)
{
    const uint32_t all = LOCAL_ECHO | LOCAL_ECHO_KILL | LOCAL_ECHO_KILL_ERASES | LOCAL_ECHO_ERASE;
    if ((l->settings.local & all) == all) {
        while (l->head != l->canonical)
            erase_last(l, true);
        return;
    }
    l->head = l->canonical;
    echo_if_wanted(l, key);
    if (local_flag(l, LOCAL_ECHO_KILL))
        echo_if_wanted(l, '\n');
}

static bool is_word(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_' ||
           byte >= 0x80;
}

static void edit_word_erase(struct line *l)
{
    bool visibly = local_flag(l, LOCAL_ECHO) && local_flag(l, LOCAL_ECHO_ERASE);
    bool in_word = false;
    while (l->head != l->canonical) {
        bool word = is_word(*input_at(l, l->head - 1));
        if (in_word && !word)
            return;
        in_word = word;
        erase_last(l, visibly);
    }
}

static void edit_reprint(struct line *l, uint8_t key)
{
    echo_if_wanted(l, key);
    echo_if_wanted(l, '\n');
    l->line_column = 0;
    for (uint32_t at = l->canonical; at != l->head; at++)
        echo_if_wanted(l, *input_at(l, at));
}

/* -- input -- */

static uint32_t input_room(const struct line *l) { return LINE_INPUT_BYTES - (l->head - l->tail); }

static void flow_out(struct line *l, int index, bool sent)
{
    if (!input_flag(l, INPUT_SEND_FLOW) || l->flow_sent == sent)
        return;
    l->flow_sent = sent;
    put_raw(l, l->settings.characters[index]);
}

static void store(struct line *l, uint8_t byte, bool marked)
{
    *input_at(l, l->head) = byte;
    set_mark(l, l->head, marked);
    l->head++;
    if (input_room(l) < LINE_INPUT_BYTES / 4)
        flow_out(l, CC_STOP, true);
}

/* The line is complete with this byte; `byte` zero stands for end of file, and is never echoed. */
static void finish_line(struct line *l, uint8_t byte)
{
    store(l, byte, true);
    l->canonical = l->head;
}

static void raise_signal(struct line *l, uint32_t signal, uint8_t key)
{
    if (!local_flag(l, LOCAL_NO_FLUSH)) {
        line_flush_input(l);
        line_flush_output(l);
    }
    l->stopped = false;
    l->raised |= signal;
    echo_if_wanted(l, key);
}

/* Signal and flow characters. True: the byte was one and is used up. */
static bool take_signal(struct line *l, uint8_t byte)
{
    if (!local_flag(l, LOCAL_SIGNALS))
        return false;
    static const struct { int index; uint32_t raise; } keys[] = {
        {CC_INTERRUPT, RAISE_INTERRUPT}, {CC_QUIT, RAISE_QUIT}, {CC_SUSPEND, RAISE_SUSPEND}};
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        if (is_special(l, byte, keys[i].index)) {
            raise_signal(l, keys[i].raise, byte);
            return true;
        }
    }
    return false;
}

static bool take_flow(struct line *l, uint8_t byte)
{
    if (!input_flag(l, INPUT_FLOW))
        return false;
    if (is_special(l, byte, CC_START)) {
        l->stopped = false;
        return true;
    }
    if (is_special(l, byte, CC_STOP)) {
        l->stopped = true;
        return true;
    }
    return false;
}

static void take_literally(struct line *l)
{
    l->literal_next = true;
    if (local_flag(l, LOCAL_ECHO) && local_flag(l, LOCAL_ECHO_CONTROL)) {
        put(l, '^');
        put(l, '\b');
    }
}

/* Editing characters of canonical mode. True: used up. */
static bool take_edit(struct line *l, uint8_t byte)
{
    bool extended = local_flag(l, LOCAL_EXTENDED);
    if (is_special(l, byte, CC_ERASE))
        edit_erase(l, byte);
    else if (is_special(l, byte, CC_KILL))
        edit_kill(l, byte);
    else if (extended && is_special(l, byte, CC_WORD_ERASE))
        edit_word_erase(l);
    else if (extended && is_special(l, byte, CC_REPRINT))
        edit_reprint(l, byte);
    else if (extended && is_special(l, byte, CC_LITERAL))
        take_literally(l);
    else if (is_special(l, byte, CC_EOF) && input_room(l))
        finish_line(l, 0);
    else
        return false;
    return true;
}

static bool ends_line(const struct line *l, uint8_t byte)
{
    return byte == '\n' || is_special(l, byte, CC_EOL) ||
           (local_flag(l, LOCAL_EXTENDED) && is_special(l, byte, CC_EOL2));
}

static void take_canonical(struct line *l, uint8_t byte, bool literal)
{
    if (!literal && take_edit(l, byte))
        return;
    bool ends = !literal && ends_line(l, byte);
    /* The last places are kept for what ends a line, so that a full line can still be sent. */
    if (input_room(l) < (ends ? 1u : 3u)) {
        ring_bell(l);
        return;
    }
    if (l->head == l->canonical)
        l->line_column = l->column;
    if (byte == '\n' && !literal && local_flag(l, LOCAL_ECHO_NL))
        echo(l, byte);
    else
        echo_if_wanted(l, byte);
    if (ends)
        finish_line(l, byte);
    else
        store(l, byte, false);
}

/* Carriage return and newline mapping. False: the byte is dropped. */
static bool map_returns(const struct line *l, uint8_t *byte)
{
    if (*byte == '\r') {
        if (input_flag(l, INPUT_IGNORE_CR))
            return false;
        if (input_flag(l, INPUT_CR_TO_NL))
            *byte = '\n';
    } else if (*byte == '\n' && input_flag(l, INPUT_NL_TO_CR)) {
        *byte = '\r';
    }
    return true;
}

bool line_input(struct line *l, uint8_t byte)
{
    bool canonical = line_is_canonical(l);
    if (!canonical && input_room(l) == 0)
        return false;
    if (input_flag(l, INPUT_STRIP))
        byte &= 0x7f;
    bool literal = l->literal_next;
    l->literal_next = false;
    if (!literal) {
        if (take_flow(l, byte))
            return true;
        if (l->stopped && input_flag(l, INPUT_FLOW) && input_flag(l, INPUT_ANY_RESTARTS))
            l->stopped = false;
        if (take_signal(l, byte) || !map_returns(l, &byte))
            return true;
        if (input_flag(l, INPUT_LOWER) && local_flag(l, LOCAL_EXTENDED) && byte >= 'A' && byte <= 'Z')
            byte = (uint8_t)(byte - 'A' + 'a');
    }
    if (canonical) {
        take_canonical(l, byte, literal);
    } else {
        echo_if_wanted(l, byte);
        store(l, byte, false);
    }
    return true;
}

void line_break(struct line *l)
{
    if (input_flag(l, INPUT_IGNORE_BREAK))
        return;
    if (input_flag(l, INPUT_BREAK_INTERRUPTS))
        raise_signal(l, RAISE_INTERRUPT, l->settings.characters[CC_INTERRUPT]);
    else if (input_room(l))
        store(l, 0, false);
}

/* -- reading -- */

bool line_is_canonical(const struct line *l) { return l->settings.local & LOCAL_CANONICAL; }

bool line_has_input(const struct line *l)
{
    return line_is_canonical(l) ? l->canonical != l->tail : l->head != l->tail;
}

uint32_t line_available(const struct line *l)
{
    if (!line_is_canonical(l))
        return l->head - l->tail;
    uint32_t count = 0;
    for (uint32_t at = l->tail; at != l->canonical; at++)
        if (!is_marked(l, at) || l->input[at % LINE_INPUT_BYTES])
            count++;
    return count;
}

static size_t read_line(struct line *l, struct span to)
{
    size_t count = 0;
    while (l->tail != l->canonical) {
        uint8_t byte = *input_at(l, l->tail);
        bool marked = is_marked(l, l->tail);
        bool end_of_file = marked && byte == 0;
        if (count == to.length && !(end_of_file && count)) /* an end of file right behind a full buffer goes with it */
            break;
        l->tail++;
        if (end_of_file)
            break;
        to.data[count++] = byte;
        if (marked)
            break;
    }
    return count;
}

static size_t read_raw(struct line *l, struct span to)
{
    size_t count = 0;
    while (count < to.length && l->tail != l->head)
        to.data[count++] = *input_at(l, l->tail++);
    l->canonical = l->tail;
    return count;
}

size_t line_read(struct line *l, struct span to)
{
    size_t count = line_is_canonical(l) ? read_line(l, to) : read_raw(l, to);
    if (input_room(l) > LINE_INPUT_BYTES * 3 / 4)
        flow_out(l, CC_START, false);
    return count;
}

void line_flush_input(struct line *l)
{
    l->tail = l->canonical = l->head;
    l->literal_next = false;
    flow_out(l, CC_START, false);
}

/* -- settings -- */

void line_set(struct line *l, const struct line_settings *settings)
{
    bool was_canonical = line_is_canonical(l);
    l->settings = *settings;
    if (was_canonical == line_is_canonical(l))
        return;
    l->literal_next = false;
    l->canonical = l->tail;
    if (!was_canonical && l->head != l->tail) { /* what was typed ahead in raw mode reads as one line */
        memset(l->marks, 0, sizeof l->marks);
        set_mark(l, l->head - 1, true);
        l->canonical = l->head;
    }
}

void line_init(struct line *l)
{
    static const uint8_t characters[CC_COUNT] = {
        [CC_INTERRUPT] = 3, [CC_QUIT] = 0x1c, [CC_ERASE] = 0x7f, [CC_KILL] = 0x15, [CC_EOF] = 4, [CC_MINIMUM] = 1,
        [CC_START] = 0x11, [CC_STOP] = 0x13, [CC_SUSPEND] = 0x1a, [CC_REPRINT] = 0x12, [CC_DISCARD] = 0x0f,
        [CC_WORD_ERASE] = 0x17, [CC_LITERAL] = 0x16};
    *l = (struct line){0};
    l->settings = (struct line_settings){
        .input = INPUT_CR_TO_NL | INPUT_FLOW,
        .output = OUTPUT_PROCESS | OUTPUT_NL_TO_CRNL,
        .control = CONTROL_115200 | CONTROL_8_BITS | CONTROL_READ | CONTROL_HANGUP,
        .local = LOCAL_SIGNALS | LOCAL_CANONICAL | LOCAL_ECHO | LOCAL_ECHO_ERASE | LOCAL_ECHO_KILL | LOCAL_ECHO_CONTROL |
                 LOCAL_ECHO_KILL_ERASES | LOCAL_EXTENDED,
        .input_speed = 115200,
        .output_speed = 115200,
    };
    memcpy(l->settings.characters, characters, sizeof characters);
}
