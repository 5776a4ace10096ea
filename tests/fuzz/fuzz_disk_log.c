/* fuzz/fuzz_disk_log.c - any bytes as the log of a store.
 *
 * The first byte says whether the chain of checksums is made to fit and whether the header is
 * replaced as well or only the records. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/disk_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOG_MAX 65536u
#define RECORDS_AT 512u

static sim_vfs *golden; /* reachable to the end, so that it is no leak */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char bytes[LOG_MAX];
    if (golden == NULL) {
        golden = sim_vfs_create(11);
        disk_image_make(golden);
    }
    if (size < 2 || size - 1 > LOG_MAX - RECORDS_AT)
        return 0;
    sim_vfs *sim = sim_vfs_copy(golden);
    size_t file_size, log_size;
    const unsigned char *log = sim_vfs_bytes(sim, DISK_IMAGE_LOG, &log_size);
    size_t begin = data[0] % 4 < 2 ? RECORDS_AT : 0;
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, log, begin);
    memcpy(bytes + begin, data + 1, size - 1);
    size_t whole = begin + size - 1 > log_size ? begin + size - 1 : log_size;
    sim_vfs_put(sim, DISK_IMAGE_LOG, bytes, whole);
    if (data[0] % 2 == 0)
        disk_image_forge(sim_vfs_edit(sim, DISK_IMAGE_FILE, &file_size), file_size,
                         sim_vfs_edit(sim, DISK_IMAGE_LOG, &log_size), log_size);
    disk_image_exercise(sim, segi_mem_default());
    sim_vfs_destroy(sim);
    return 0;
}
