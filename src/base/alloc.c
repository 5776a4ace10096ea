/* alloc.c - the host's allocator or malloc behind one small face.
 *
 * Invariant: the 16 bytes before every block hold the size that the caller asked for, so that
 * freeing needs no size while the host still gets the sizes it gave out. What is given back is
 * overwritten first: a block may have held what a customer has a right to see erased, and nobody
 * can reach it any more afterwards (docs/decisions/0007). Any thread, provided that the host's
 * functions allow it, as seg_allocator demands. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* 16 keeps what follows aligned as malloc aligns. */
#define PREFIX_SIZE ((size_t)16)

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *default_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    return realloc(pointer, new_size);
}

static void default_release(void *user, void *pointer, size_t size)
{
    (void)user;
    (void)size;
    free(pointer);
}

static const segi_mem default_mem = {NULL, default_alloc, default_resize, default_release};

/* The size that the caller asked for, from the prefix. memcpy, because a host's allocator may
 * promise less alignment than ours needs. */
static size_t block_size(const char *block)
{
    size_t size;
    memcpy(&size, block, sizeof size);
    return size;
}

const segi_mem *segi_mem_default(void)
{
    return &default_mem;
}

seg_status segi_mem_init(segi_mem *out, const seg_allocator *allocator, seg_error *err)
{
    *out = default_mem;
    if (allocator == NULL)
        return SEG_OK;
    seg_allocator given;
    SEGI_TRY(
        segi_options_read(&given, sizeof given, allocator, sizeof given, "seg_allocator", err));
    if (given.reserved != 0)
        return segi_fail(err, SEG_E_VERSION, "the reserved field of seg_allocator is not 0");
    if (given.alloc == NULL || given.resize == NULL || given.release == NULL)
        return segi_fail(err, SEG_E_ARG, "seg_allocator lacks one of its three functions");
    out->user = given.user;
    out->alloc = given.alloc;
    out->resize = given.resize;
    out->release = given.release;
    return SEG_OK;
}

void *segi_alloc(const segi_mem *mem, size_t size)
{
    if (size > SIZE_MAX - PREFIX_SIZE)
        return NULL;
    char *block = mem->alloc(mem->user, size + PREFIX_SIZE);
    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof size);
    return block + PREFIX_SIZE;
}

void *segi_alloc_zero(const segi_mem *mem, size_t size)
{
    void *pointer = segi_alloc(mem, size);
    if (pointer != NULL)
        memset(pointer, 0, size);
    return pointer;
}

void *segi_alloc_array(const segi_mem *mem, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return segi_alloc(mem, bytes);
}

void *segi_resize(const segi_mem *mem, void *pointer, size_t new_size)
{
    if (pointer == NULL)
        return segi_alloc(mem, new_size);
    /* Not by mem->resize: where it moves a block, nobody overwrites the place it leaves. */
    size_t old_size = block_size((char *)pointer - PREFIX_SIZE);
    char *block = segi_alloc(mem, new_size);
    if (block == NULL)
        return NULL;
    memcpy(block, pointer, old_size < new_size ? old_size : new_size);
    segi_free(mem, pointer);
    return block;
}

void segi_free(const segi_mem *mem, void *pointer)
{
    if (pointer == NULL)
        return;
    char *block = (char *)pointer - PREFIX_SIZE;
    size_t size = block_size(block);
    /* The call behind it is unknown to the compiler, so that this is not optimised away. */
    memset(pointer, 0, size);
    mem->release(mem->user, block, size + PREFIX_SIZE);
}

bool segi_grow(const segi_mem *mem, void **pointer, size_t *capacity, size_t need,
               size_t element_size)
{
    if (need <= *capacity)
        return true;
    /* Doubling keeps the copying linear; the first step skips the tiny sizes. */
    size_t target = *capacity < 8 ? 8 : *capacity;
    while (target < need) {
        if (target > SIZE_MAX / 2) {
            target = need;
            break;
        }
        target *= 2;
    }
    /* Too large a product is a failure like any other: the caller sees only "no room". */
    size_t bytes;
    if (__builtin_mul_overflow(target, element_size, &bytes))
        return false;
    void *grown = segi_resize(mem, *pointer, bytes);
    if (grown == NULL)
        return false;
    *pointer = grown;
    *capacity = target;
    return true;
}
