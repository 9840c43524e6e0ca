/* SPDX-License-Identifier: MIT
 * A line that is being typed, read as far as it goes: what each byte is, for colours, and what each word is for, for completion.
 * Nothing is an error here that more typing could mend; whether a text is complete the language's parser says. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum token : uint8_t {
    TOKEN_PLAIN, TOKEN_COMMAND, TOKEN_KEYWORD, TOKEN_OPTION, TOKEN_STRING, TOKEN_VARIABLE, TOKEN_OPERATOR, TOKEN_REDIRECTION,
    TOKEN_COMMENT, TOKEN_ERROR, TOKEN_PATTERN, TOKEN_ESCAPE, TOKEN_COUNT,
};
enum word_role : uint8_t { ROLE_COMMAND, ROLE_ARGUMENT, ROLE_TARGET, ROLE_NAME, ROLE_KEYWORD };

struct lex_word {
    size_t start, end;
    size_t command;          /* the index of its command's word; itself for a command */
    unsigned depth;          /* of `$(` */
    enum word_role role;
};
struct lexed {
    uint8_t *tokens;         /* one a byte */
    struct lex_word *words;
    size_t word_count, word_capacity;
    unsigned blocks;         /* that are open at the end */
    char quote;              /* that is open at the end, 0 for none */
};

/* Call with a zeroed or earlier used `lexed`. */
void lex(struct lexed *lexed, const char *text, size_t size);
void lexed_fini(struct lexed *lexed);
bool word_is_keyword(const char *text, size_t size);
extern const char *const KEYWORDS[];
