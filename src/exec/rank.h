/* Private to exec: what the pass over a population leaves behind for ranks and scores. */
#ifndef SEGI_RANK_H
#define SEGI_RANK_H

#include "exec/exec_int.h"

/* Values of those of one chunk who are ranked, one after the other, as unsigned keys of the same
 * order: `low` + keys[i]. */
typedef struct segi_rank_chunk {
    uint32_t width; /* bytes per key: 1, 2, 4, 8; 0: nobody here is ranked */
    uint32_t count; /* keys */
    bool prefix;    /* the ranked are the first users, without a gap: keys are by user */
    uint64_t low, high;
    void *keys; /* owned; some bytes longer than needed, for scans */
    segi_mask *ranked;
    segi_mask *zeros; /* scores: members whose value is 0 and not ranked; or NULL */
} segi_rank_chunk;

struct segi_ranking {
    const segi_op *op;
    const segi_prep_value *value;
    bool zeros; /* zeros are ranked as any other value */
    uint32_t chunk_count;
    segi_rank_chunk *chunks; /* by chunk */
    uint64_t total;          /* ranked in all */
    uint64_t low, high;      /* keys of all; RANK: afterwards those of its members */
    bool any;                /* RANK: it has members */
};

/* A score's cut points as keys: classes are 1 + how many are not above a key. */
struct segi_prep_score {
    const segi_score *score;
    uint32_t cut_count; /* those that any value reaches */
    uint64_t *cuts;
    const segi_ranking *ranking; /* NULL: cut points as written, of any value */
};

uint64_t segi_rank_key(segi_value_type type, int64_t slot);
/* A key, and how many there are below it and of its like. */
typedef struct segi_rank_place {
    uint64_t key, below, equal;
} segi_rank_place;
/* What is at the places wanted[0 .. count) (rising, below total) of all keys in order. */
seg_status segi_rank_select(const segi_mem *mem, const segi_ranking *ranking,
                            const uint64_t *wanted, uint32_t count, segi_rank_place *out,
                            seg_error *err);
/* Ranked users of the chunk with low <= key <= high, into out. Uses w->candidates. */
void segi_rank_between(segi_worker *w, const segi_rank_chunk *chunk, uint64_t low, uint64_t high,
                       segi_mask *out);

#endif
