/* Runs and columns as bytes: docs/format.md, "Runs and parts".
 *
 * Bytes are hostile until checked. What decoding accepts has counts that fit together, rising users
 * and chunks, values within the bounds that the head of the column states and no more rows than a
 * part may have: no later loop reads out of bounds, also where somebody made the checksums fit.
 * Not checked is what only makes answers wrong, such as the order of a user's rows. */
#ifndef SEGI_PART_CODE_H
#define SEGI_PART_CODE_H

#include "store/part.h"

/* Rows of one part at the most, but for expired first events: one per user. Sealing and merging
 * make no larger ones. */
#define SEGI_PART_ROWS_MAX ((uint32_t)16 << 20)

/* Append one column; nothing where the column has no arrays. Failures are noted in out. */
void segi_column_encode(const segi_part *part, uint32_t column, segi_buf *out);
/* The arrays of a column from what segi_column_encode() wrote. The chunks and the head of the
 * column are there already; users are below user_count. SEG_E_CORRUPT, SEG_E_NOMEM. */
seg_status segi_column_decode(const segi_mem *mem, const segi_part *part, uint32_t column,
                              uint32_t user_count, const uint8_t *bytes, size_t size,
                              segi_arrays *out, seg_error *err);

/* Everything of a run but its rows: counts, chunks, heads of columns, blocks and pages. */
void segi_run_encode(const segi_run *run, segi_buf *out);
/* The run of the bytes, with nothing loaded and in no cache's care yet. Its file says which blocks
 * hold which pages; the rest of it is for the caller to fill. SEG_E_CORRUPT, SEG_E_NOMEM. */
seg_status segi_run_decode(const segi_mem *mem, const uint8_t *bytes, size_t size, segi_run **out,
                           seg_error *err);

#endif
