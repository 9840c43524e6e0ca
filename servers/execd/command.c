/* SPDX-License-Identifier: MIT
 * exec=WORDS: bytes other than [A-Za-z0-9_./=-] come as %XX, words are joined by %00. */
#include "command.h"
#include "abi/process.h"
#include "base/string.h"
#include "base/try.h"

static bool hex_digit(uint8_t c, uint8_t *out)
{
    if (c >= '0' && c <= '9')
        *out = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *out = (uint8_t)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
        *out = (uint8_t)(c - 'A' + 10);
    else
        return false;
    return true;
}

/* The next byte of the encoding, which is not empty. */
static enum status decode_byte(struct view *rest, uint8_t *out)
{
    uint8_t high, low;
    size_t used = 1;
    *out = rest->data[0];
    if (*out == '%') {
        if (rest->length < 3 || !hex_digit(rest->data[1], &high) || !hex_digit(rest->data[2], &low))
            return ERR_INVALID;
        *out = (uint8_t)(high << 4 | low);
        used = 3;
    }
    *rest = (struct view){rest->data + used, rest->length - used};
    return OK;
}

static enum status decode_words(struct view rest, struct command *c)
{
    if (rest.length == 0)
        return ERR_INVALID;
    while (rest.length > 0) {
        uint8_t byte;
        TRY(decode_byte(&rest, &byte));
        if (c->bytes + 1 >= COMMAND_BYTES || (byte == 0 && c->word_count + 1 >= COMMAND_WORDS))
            return ERR_TOO_BIG;
        c->words[c->bytes++] = (char)byte;
        c->word_count += byte == 0;
    }
    c->words[c->bytes++] = 0;
    c->word_count++;
    return OK;
}

/* The path goes into a line for a shell as it is: only what means nothing there. */
static enum status copy_shell(struct view path, struct command *c)
{
    if (path.length == 0 || path.data[0] != '/')
        return ERR_INVALID;
    if (path.length >= COMMAND_SHELL_BYTES)
        return ERR_TOO_BIG;
    for (size_t i = 0; i < path.length; i++) {
        uint8_t byte = path.data[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        if (!plain && byte != '/' && byte != '.' && byte != '_' && byte != '-')
            return ERR_INVALID;
    }
    memcpy(c->shell, path.data, path.length);
    c->shell[path.length] = 0;
    return OK;
}

enum status command_parse(struct view command_line, struct command *out)
{
    *out = (struct command){.shell = "/bin/sh"};
    while (command_line.length > 0) {
        struct view word;
        view_split(command_line, ' ', &word, &command_line);
        if (view_equal(word, VIEW_OF_LITERAL("stdin=console")))
            out->stdin_console = true;
        if (view_starts_with(word, VIEW_OF_LITERAL("shell=")))
            TRY(copy_shell((struct view){word.data + 6, word.length - 6}, out));
        if (!view_starts_with(word, VIEW_OF_LITERAL("exec=")))
            continue;
        out->is_given = true;
        out->bytes = out->word_count = 0;
        TRY(decode_words((struct view){word.data + 5, word.length - 5}, out));
    }
    return OK;
}

struct view command_word(const struct command *c, uint32_t index)
{
    struct view rest = {(const uint8_t *)c->words, c->bytes}, word = {};
    for (uint32_t i = 0; i <= index; i++)
        view_split(rest, 0, &word, &rest);
    return word;
}

uint32_t command_exit_code(uint64_t status_word)
{
    if (status_word & EXIT_NO_MEMORY)
        return 128 + 9;
    if (status_word & EXIT_EXCEPTION)
        return 128 + 11;
    uint32_t signal = status_word & 0x7f;
    return signal ? 128 + signal : (uint32_t)(status_word >> 8) & 0xff;
}
