/* support/real_data.h - published data sets, and short ways to ask a store about them.
 *
 * Nothing of the data is in the repository. It is looked for in $SEG_DATA_DIR, then in
 * ../shared/data and ../../shared/data beside the source tree ($SEG_SOURCE_ROOT); a test that does
 * not find it ends with real_data_skip. */
#ifndef SEG_TEST_REAL_DATA_H
#define SEG_TEST_REAL_DATA_H

#include <seg/seg.h>

#include <stdbool.h>
#include <stdio.h>

/* The exit code that meson counts as skipped. */
#define REAL_DATA_SKIP 77

/* False where the file is not there. */
bool real_data_exists(const char *name);
/* Opens it; a name that ends in .gz is read through gzip. The test fails where that is not
 * possible. */
FILE *real_data_open(const char *name);
void real_data_close(FILE *file, const char *name);

/* Days since 1970-01-01. */
int64_t real_data_days(int year, int month, int day);

/* How many are in the segment; now is an instant. */
uint64_t ask_count(seg_store *store, seg_snapshot *snapshot, int64_t now, const char *predicate);
/* Who is in it; released by the caller. */
seg_set *ask_set(seg_store *store, seg_snapshot *snapshot, int64_t now, const char *predicate);
/* The value of each member, in the order of the set: int64, decimal (its mantissa at `scale`) or
 * timestamp; where it is undefined, `missing`. The array is freed by the caller. */
int64_t *ask_values(seg_store *store, const seg_set *set, int64_t now, const char *value,
                    int32_t scale, int64_t missing);
/* Sum of the values of everybody in the snapshot. */
int64_t ask_total(seg_store *store, seg_snapshot *snapshot, int64_t now, const char *value,
                  int32_t scale);
/* The ids of a set of numbers, in its order; freed by the caller. */
uint64_t *ask_ids(const seg_set *set);

#endif /* SEG_TEST_REAL_DATA_H */
