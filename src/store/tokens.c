/* Tokens of commits: see tokens.h. They are few, so a look-up walks over them. */
#include "store/tokens.h"

#include <string.h>

#include "base/error.h"

void segi_commit_tokens_deinit(segi_commit_tokens *tokens, const segi_mem *mem)
{
    segi_free(mem, tokens->items);
    memset(tokens, 0, sizeof *tokens);
}

const segi_commit_token *segi_commit_tokens_find(const segi_commit_tokens *tokens,
                                                 const char *bytes, size_t size)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const segi_commit_token *token = &tokens->items[i];
        if (token->size == size && memcmp(token->bytes, bytes, size) == 0)
            return token;
    }
    return NULL;
}

/* Before the commit takes effect: segi_commit_tokens_add() cannot fail. */
bool segi_commit_tokens_reserve(segi_commit_tokens *tokens, const segi_mem *mem)
{
    return tokens->count == SEG_TOKENS_KEPT ||
           segi_grow(mem, (void **)&tokens->items, &tokens->capacity, tokens->count + 1,
                     sizeof *tokens->items);
}

/* A ring of the newest SEG_TOKENS_KEPT. */
void segi_commit_tokens_add(segi_commit_tokens *tokens, const char *bytes, size_t size,
                            const seg_commit_report *report)
{
    segi_commit_token *token;
    SEGI_ASSERT(size > 0 && size <= SEG_TOKEN_SIZE_MAX);
    if (tokens->count < SEG_TOKENS_KEPT) {
        token = &tokens->items[tokens->count++];
    } else {
        token = &tokens->items[tokens->oldest];
        tokens->oldest = (tokens->oldest + 1) % SEG_TOKENS_KEPT;
    }
    token->size = (uint8_t)size;
    memcpy(token->bytes, bytes, size);
    token->report = *report;
}

/* From the oldest on. */
const segi_commit_token *segi_commit_tokens_at(const segi_commit_tokens *tokens, size_t i)
{
    return &tokens->items[(tokens->oldest + i) % tokens->count];
}
