/* Numbers in order, each once: see unique.h. */
#include "base/unique.h"

/* Heap sort: no recursion, no memory, and no input that makes it quadratic. */
static void sort_sift(uint32_t *values, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && values[child] < values[child + 1])
            child++;
        if (values[root] >= values[child])
            return;
        uint32_t value = values[root];
        values[root] = values[child];
        values[child] = value;
    }
}

size_t segi_sort_unique(uint32_t *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = count / 2; i-- > 0;)
        sort_sift(values, i, count);
    for (size_t end = count; end > 1; end--) {
        uint32_t value = values[0];
        values[0] = values[end - 1];
        values[end - 1] = value;
        sort_sift(values, 0, end - 1);
    }
    for (size_t i = 0; i < count; i++)
        if (i == 0 || values[i] != values[i - 1])
            values[kept++] = values[i];
    return kept;
}
