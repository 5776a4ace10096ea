/* Memory: every allocation of the library but CRoaring's own goes through here.
 *
 * A segi_mem is the host's allocator or malloc. Blocks remember their size in a 16-byte prefix,
 * so that callers free without one while the host still gets sized calls. */
#ifndef SEGI_ALLOC_H
#define SEGI_ALLOC_H

#include <seg/base.h>
#include <stdbool.h>

typedef struct segi_mem {
    void *user;
    void *(*alloc)(void *user, size_t size);
    void *(*resize)(void *user, void *pointer, size_t old_size, size_t new_size);
    void (*release)(void *user, void *pointer, size_t size);
} segi_mem;

/* malloc, realloc, free. Static. */
const segi_mem *segi_mem_default(void);

/* Copy a host allocator (NULL: the default one) into *out. SEG_E_ARG if a function is missing,
 * SEG_E_VERSION if the struct is newer and uses what this library does not know. */
seg_status segi_mem_init(segi_mem *out, const seg_allocator *allocator, seg_error *err);

/* NULL when out of memory. A size of 0 gives a valid pointer to nothing. */
void *segi_alloc(const segi_mem *mem, size_t size);
void *segi_alloc_zero(const segi_mem *mem, size_t size);
/* count * size with an overflow check. */
void *segi_alloc_array(const segi_mem *mem, size_t count, size_t size);
/* As realloc, but the block always moves; pointer may be NULL. On failure the old block stays
 * valid. */
void *segi_resize(const segi_mem *mem, void *pointer, size_t new_size);
/* Overwrites the block with zeros, then gives it back. pointer may be NULL. */
void segi_free(const segi_mem *mem, void *pointer);

/* Make room for `need` elements in the array *pointer of *capacity, doubling; false when out of
 * memory, and nothing has changed. */
bool segi_grow(const segi_mem *mem, void **pointer, size_t *capacity, size_t need,
               size_t element_size);

#endif
