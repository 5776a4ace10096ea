/* The tail: events that are not in a part yet, in order of arrival.
 *
 * A commit writes behind the committed rows (`pending` counts include its rows) and then either
 * accepts them, which cannot fail, or drops them. */
#ifndef SEGI_TAIL_H
#define SEGI_TAIL_H

#include "store/store.h"

/* Values of one property, by row number within its event type. Rows beyond `filled` are absent. */
typedef struct segi_tail_col {
    int64_t *slots;  /* owned */
    uint8_t *states; /* owned */
    size_t filled, capacity;
} segi_tail_col;

typedef struct segi_tail_type {
    size_t count, pending;
    segi_tail_col *cols; /* owned */
    size_t col_count, col_capacity;
} segi_tail_type;

typedef struct segi_tail {
    const segi_mem *mem;
    uint32_t *ordinals; /* owned */
    int64_t *times;     /* owned */
    uint16_t *events;   /* owned */
    size_t count, pending, capacity;
    segi_tail_type *types; /* owned; by event index */
    size_t type_count, type_capacity;
} segi_tail;

void segi_tail_deinit(segi_tail *tail);
/* Room for `more` rows behind the pending ones. */
bool segi_tail_reserve(segi_tail *tail, size_t more);
/* The type's rows, made where it is new. NULL when out of memory. */
segi_tail_type *segi_tail_type_at(segi_tail *tail, uint32_t event);
/* A column with room for `rows` rows in all, filled with absent values up to `begin`. */
segi_tail_col *segi_tail_col_at(segi_tail *tail, segi_tail_type *type, uint32_t property,
                                size_t begin, size_t rows);
void segi_tail_accept(segi_tail *tail);
void segi_tail_drop(segi_tail *tail);
/* Forget all rows; keeps buffers up to about bytes_max. */
void segi_tail_clear(segi_tail *tail, size_t bytes_max);
size_t segi_tail_bytes(const segi_tail *tail);

#endif
