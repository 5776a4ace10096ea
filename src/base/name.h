/* The order of names. They have no language: they are compared by their bytes, and a name comes
 * before those that it begins.
 *
 * Inline, so that a search calls `at` without a pointer: rows look up their columns by name. */
#ifndef SEGI_NAME_H
#define SEGI_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Below, at or above 0, as memcmp(). */
static inline int segi_name_compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t common = a_size < b_size ? a_size : b_size;
    int order = common > 0 ? memcmp(a, b, common) : 0;
    if (order != 0)
        return order;
    return a_size < b_size ? -1 : a_size > b_size;
}

/* The i-th name of a list that rises in that order. */
typedef const char *segi_name_at(const void *list, size_t i, size_t *out_size);

/* Is the name among the first `count` of the list? *out_place is where it is, or where it belongs.
 * O(log count). */
static inline bool segi_name_find(const void *list, size_t count, segi_name_at *at,
                                  const char *name, size_t size, size_t *out_place)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2, middle_size;
        const char *middle_name = at(list, middle, &middle_size);
        int order = segi_name_compare(middle_name, middle_size, name, size);
        if (order == 0) {
            *out_place = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *out_place = low;
    return false;
}

#endif
