/* Bitmaps over ordinals: the only place that knows CRoaring. Immutable once made. */
#ifndef SEGI_BITMAP_H
#define SEGI_BITMAP_H

#include "base/alloc.h"
#include "base/bits.h"
#include <seg/base.h>

typedef struct segi_bitmap segi_bitmap;

/* ---- making ---- */
/* From the masks of chunks, in rising order of chunk: init, add each non-empty chunk, finish.
 * Adding writes the chunk in roaring's portable form, so that finishing is one load. Builders of
 * neighbouring runs of chunks (one per thread) are joined by segi_bitmap_builders_finish. */
typedef struct segi_bitmap_builder {
    const segi_mem *mem;
    char *bytes; /* owned: container payloads one after the other */
    size_t size, capacity;
    uint32_t *heads; /* owned: chunk << 16 | cardinality - 1, one per container */
    size_t head_count, head_capacity;
    uint64_t cardinality;
} segi_bitmap_builder;
void segi_bitmap_builder_init(segi_bitmap_builder *b, const segi_mem *mem);
void segi_bitmap_builder_deinit(segi_bitmap_builder *b);
seg_status segi_bitmap_builder_add(segi_bitmap_builder *b, uint32_t chunk, const segi_mask *mask);
/* Chunks of builders[i] all lie below those of builders[i + 1]. */
seg_status segi_bitmap_builders_finish(const segi_bitmap_builder *builders, size_t count,
                                       segi_bitmap **out, seg_error *err);
/* Ordinals in any order, with repeats. */
seg_status segi_bitmap_from_ordinals(const uint32_t *ordinals, size_t count, segi_bitmap **out,
                                     seg_error *err);
/* [0, count). */
seg_status segi_bitmap_from_prefix(uint32_t count, segi_bitmap **out, seg_error *err);
void segi_bitmap_destroy(segi_bitmap *bitmap);

/* ---- algebra; operation is SEG_SET_AND ... SEG_SET_ANDNOT ---- */
seg_status segi_bitmap_combine(uint32_t operation, const segi_bitmap *left,
                               const segi_bitmap *right, segi_bitmap **out, seg_error *err);
uint64_t segi_bitmap_combine_count(uint32_t operation, const segi_bitmap *left,
                                   const segi_bitmap *right);
bool segi_bitmap_equals(const segi_bitmap *left, const segi_bitmap *right);

/* ---- asking ---- */
uint64_t segi_bitmap_count(const segi_bitmap *bitmap);
bool segi_bitmap_contains(const segi_bitmap *bitmap, uint32_t ordinal);
/* Highest ordinal, 0 if empty. */
uint32_t segi_bitmap_max(const segi_bitmap *bitmap);
/* The members in one chunk as a mask; returns their number. */
uint32_t segi_bitmap_chunk(const segi_bitmap *bitmap, uint32_t chunk, segi_mask *out);
/* Members in the form in which they are read fastest: many of one chunk as its mask, few, of
 * whatever chunks, as a list. */
#define SEGI_PIECE_LIST 4096u
typedef struct segi_bitmap_piece {
    uint32_t count; /* 0: there are none */
    bool dense;     /* `mask` and `chunk`, else `list` */
    uint32_t chunk;
    segi_mask mask;
    uint32_t list[SEGI_PIECE_LIST]; /* rising */
} segi_bitmap_piece;
/* The next members, of which `first` may be one. */
void segi_bitmap_read(const segi_bitmap *bitmap, uint32_t first, segi_bitmap_piece *out);

/* ---- bytes ---- */
seg_status segi_bitmap_write(const segi_bitmap *bitmap, seg_buffer **out, const segi_mem *mem,
                             seg_error *err);
/* Hostile bytes: bounded read, then full validation, all bytes used. SEG_E_ROARING. */
seg_status segi_bitmap_read_bytes(const void *bytes, size_t size, segi_bitmap **out,
                                  seg_error *err);
/* Portable 64-bit format of rising or unsorted ids. */
seg_status segi_bitmap64_write(const uint64_t *ids, size_t count, seg_buffer **out,
                               const segi_mem *mem, seg_error *err);
/* *out_ids owned by the caller: segi_free(mem). At most count_max ids, else SEG_E_LIMIT. */
seg_status segi_bitmap64_read_bytes(const void *bytes, size_t size, uint64_t count_max,
                                    const segi_mem *mem, uint64_t **out_ids, size_t *out_count,
                                    seg_error *err);

#endif
