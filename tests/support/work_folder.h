/* support/work_folder.h - a folder of its own for the real files of a test. */
#ifndef SEG_TEST_WORK_FOLDER_H
#define SEG_TEST_WORK_FOLDER_H

#include <stdbool.h>

typedef struct work_folder {
    char path[4096];
    char store[4200]; /* where a store goes in it */
} work_folder;

/* In memory: syncs cost nothing there, so a test that only ends processes can do so far more
 * often; where there is no such place it is on the medium. On the medium: in TMPDIR. */
void work_folder_make(work_folder *folder, bool in_memory);
/* Without the store, whatever state it is in. */
void work_folder_clear(const work_folder *folder);
/* And without the folder, which fails where anything else is left in it. */
void work_folder_remove(const work_folder *folder);

#endif /* SEG_TEST_WORK_FOLDER_H */
