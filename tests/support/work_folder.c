/* support/work_folder.c - a folder of its own for the real files of a test. */
#include "support/work_folder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define IN_MEMORY "/dev/shm"

void work_folder_make(work_folder *folder, bool in_memory)
{
    const char *base = getenv("TMPDIR");
    base = base != NULL ? base : "/tmp";
    if (in_memory && access(IN_MEMORY, R_OK | W_OK | X_OK) == 0)
        base = IN_MEMORY;
    snprintf(folder->path, sizeof folder->path, "%s/seg-test-XXXXXX", base);
    ck_assert_ptr_nonnull(mkdtemp(folder->path));
    snprintf(folder->store, sizeof folder->store, "%s/store", folder->path);
}

void work_folder_clear(const work_folder *folder)
{
    static const char *const ends[] = {"", "-wal", "-new", "-copy"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[4300];
        snprintf(name, sizeof name, "%s%s", folder->store, ends[i]);
        unlink(name);
    }
}

void work_folder_remove(const work_folder *folder)
{
    work_folder_clear(folder);
    ck_assert_int_eq(rmdir(folder->path), 0);
}
