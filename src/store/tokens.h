/* Tokens of the newest commits and what those commits reported, so that a commit that is sent
 * again after a doubt is applied once. */
#ifndef SEGI_TOKENS_H
#define SEGI_TOKENS_H

#include "base/wire.h"
#include <seg/ingest.h>

typedef struct segi_commit_token {
    uint8_t size;
    char bytes[SEG_TOKEN_SIZE_MAX];
    seg_commit_report report;
} segi_commit_token;

/* A ring: the oldest of SEG_TOKENS_KEPT makes room for the newest. */
typedef struct segi_commit_tokens {
    segi_commit_token *items; /* owned */
    size_t count, capacity;
    size_t oldest; /* place of the oldest, once the ring is full */
} segi_commit_tokens;

void segi_commit_tokens_deinit(segi_commit_tokens *tokens, const segi_mem *mem);
/* NULL if it is not there. */
const segi_commit_token *segi_commit_tokens_find(const segi_commit_tokens *tokens,
                                                 const char *bytes, size_t size);
/* Room for one more, so that adding it cannot fail. */
bool segi_commit_tokens_reserve(segi_commit_tokens *tokens, const segi_mem *mem);
void segi_commit_tokens_add(segi_commit_tokens *tokens, const char *bytes, size_t size,
                            const seg_commit_report *report);
/* The i-th, the oldest first. */
const segi_commit_token *segi_commit_tokens_at(const segi_commit_tokens *tokens, size_t i);

#endif
