/* The tail of events: see tail.h.
 *
 * Arrays by row for what every row has, and per event type columns by property that are filled
 * lazily: one that no row of a commit has a value of is not touched, and the gap is filled with
 * absent ones when the next value comes. `pending` runs ahead of `count` while a commit is under
 * way. */
#include "store/tail.h"

#include <string.h>

#include "base/error.h"

/* `field` is the address of a pointer of any type; it is copied, as pointers of different types
 * are not to be looked at through each other. */
static bool tail_resize(const segi_mem *mem, void *field, size_t capacity, size_t size)
{
    void *old, *block;
    memcpy(&old, field, sizeof old);
    if (capacity > SIZE_MAX / size)
        return false;
    block = segi_resize(mem, old, capacity * size);
    if (!block)
        return false;
    memcpy(field, &block, sizeof block);
    return true;
}

/* Grows by half, so appending costs O(1) per row. */
bool segi_tail_reserve(segi_tail *tail, size_t more)
{
    size_t need = tail->pending + more, capacity = tail->capacity;
    if (need <= capacity)
        return true;
    capacity += capacity / 2;
    capacity = capacity < need ? need : capacity;
    capacity = capacity < 64 ? 64 : capacity;
    /* Arrays that grew although a later one could not are just larger than known. */
    if (!tail_resize(tail->mem, &tail->ordinals, capacity, sizeof *tail->ordinals) ||
        !tail_resize(tail->mem, &tail->times, capacity, sizeof *tail->times) ||
        !tail_resize(tail->mem, &tail->events, capacity, sizeof *tail->events))
        return false;
    tail->capacity = capacity;
    return true;
}

/* Made where it is new; a type without rows is all zeros. */
segi_tail_type *segi_tail_type_at(segi_tail *tail, uint32_t event)
{
    if (event >= tail->type_count) {
        if (!segi_grow(tail->mem, (void **)&tail->types, &tail->type_capacity, (size_t)event + 1,
                       sizeof *tail->types))
            return NULL;
        memset(tail->types + tail->type_count, 0,
               (event + 1 - tail->type_count) * sizeof *tail->types);
        tail->type_count = (size_t)event + 1;
    }
    return &tail->types[event];
}

/* Room for `rows` rows, and absent values up to `begin`. */
segi_tail_col *segi_tail_col_at(segi_tail *tail, segi_tail_type *type, uint32_t property,
                                size_t begin, size_t rows)
{
    if (property >= type->col_count) {
        if (!segi_grow(tail->mem, (void **)&type->cols, &type->col_capacity, (size_t)property + 1,
                       sizeof *type->cols))
            return NULL;
        memset(type->cols + type->col_count, 0,
               (property + 1 - type->col_count) * sizeof *type->cols);
        type->col_count = (size_t)property + 1;
    }
    segi_tail_col *col = &type->cols[property];
    if (rows > col->capacity) {
        size_t capacity = col->capacity + col->capacity / 2;
        capacity = capacity < rows ? rows : capacity;
        if (!tail_resize(tail->mem, &col->slots, capacity, sizeof *col->slots) ||
            !tail_resize(tail->mem, &col->states, capacity, 1))
            return NULL;
        col->capacity = capacity;
    }
    if (col->filled < begin) {
        memset(col->slots + col->filled, 0, (begin - col->filled) * sizeof *col->slots);
        memset(col->states + col->filled, SEG_VALUE_ABSENT, begin - col->filled);
        col->filled = begin;
    }
    return col;
}

/* The commit has succeeded: what is pending counts. */
void segi_tail_accept(segi_tail *tail)
{
    tail->count = tail->pending;
    for (size_t i = 0; i < tail->type_count; i++)
        tail->types[i].count = tail->types[i].pending;
}

/* Back to what was accepted; the bytes behind it are overwritten by the next commit. */
void segi_tail_drop(segi_tail *tail)
{
    tail->pending = tail->count;
    for (size_t i = 0; i < tail->type_count; i++) {
        segi_tail_type *type = &tail->types[i];
        type->pending = type->count;
        for (size_t k = 0; k < type->col_count; k++)
            if (type->cols[k].filled > type->count)
                type->cols[k].filled = type->count;
    }
}

static void tail_free_type(segi_tail *tail, segi_tail_type *type)
{
    for (size_t i = 0; i < type->col_count; i++) {
        segi_free(tail->mem, type->cols[i].slots);
        segi_free(tail->mem, type->cols[i].states);
    }
    segi_free(tail->mem, type->cols);
    memset(type, 0, sizeof *type);
}

void segi_tail_deinit(segi_tail *tail)
{
    for (size_t i = 0; i < tail->type_count; i++)
        tail_free_type(tail, &tail->types[i]);
    segi_free(tail->mem, tail->types);
    segi_free(tail->mem, tail->ordinals);
    segi_free(tail->mem, tail->times);
    segi_free(tail->mem, tail->events);
    *tail = (segi_tail){.mem = tail->mem};
}

/* By capacity: what the tail keeps, also when it is empty. */
size_t segi_tail_bytes(const segi_tail *tail)
{
    size_t bytes =
        tail->capacity * (sizeof *tail->ordinals + sizeof *tail->times + sizeof *tail->events);
    for (size_t i = 0; i < tail->type_count; i++)
        for (size_t k = 0; k < tail->types[i].col_count; k++)
            bytes += tail->types[i].cols[k].capacity * (sizeof(int64_t) + 1);
    return bytes;
}

/* Keeps its memory for the next rows unless it has grown beyond bytes_max. */
void segi_tail_clear(segi_tail *tail, size_t bytes_max)
{
    if (segi_tail_bytes(tail) > bytes_max) {
        segi_tail_deinit(tail);
        return;
    }
    tail->count = tail->pending = 0;
    for (size_t i = 0; i < tail->type_count; i++) {
        segi_tail_type *type = &tail->types[i];
        type->count = type->pending = 0;
        for (size_t k = 0; k < type->col_count; k++)
            type->cols[k].filled = 0;
    }
}
