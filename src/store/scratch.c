/* Working memory of the writer: see scratch.h. */
#include "store/scratch.h"

#define SCRATCH_ROOMY_MAX ((size_t)16 << 20)

void *segi_scratch_get(segi_scratch *scratch, int which, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    size_t need = count * size;
    if (scratch->buffers[which].data && scratch->buffers[which].size >= need)
        return scratch->buffers[which].data;
    /* A quarter more, so that slowly growing needs do not allocate each time; not where it would
     * be much. */
    size_t roomy = need <= SCRATCH_ROOMY_MAX ? need + need / 4 : need;
    segi_free(scratch->mem, scratch->buffers[which].data);
    scratch->buffers[which].size = 0;
    scratch->buffers[which].data = segi_alloc(scratch->mem, roomy);
    if (scratch->buffers[which].data)
        scratch->buffers[which].size = roomy;
    return scratch->buffers[which].data;
}

void segi_scratch_trim(segi_scratch *scratch, size_t size_max)
{
    for (int i = 0; i < SEGI_SCRATCH_COUNT; i++) {
        if (scratch->buffers[i].size <= size_max && size_max > 0)
            continue;
        segi_free(scratch->mem, scratch->buffers[i].data);
        scratch->buffers[i].data = NULL;
        scratch->buffers[i].size = 0;
    }
}
