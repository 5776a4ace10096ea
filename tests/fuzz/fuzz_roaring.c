/* fuzz/fuzz_roaring.c - bytes from outside as sets, in both formats.
 *
 * The first byte chooses the format. Bytes that are accepted must give a set of users that exist,
 * and writing that set and reading it back must give the same set. */
#include <seg/seg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define USERS 70000u /* more than one chunk */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition)
{
    if (!condition)
        abort();
}

static seg_snapshot *snapshot_open(void)
{
    static uint64_t ids[USERS];
    for (uint32_t i = 0; i < USERS; i++)
        ids[i] = i % 2 == 0 ? i : ((uint64_t)i << 32);
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    seg_store *store = NULL;
    seg_snapshot *snapshot = NULL;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = USERS;
    batch.user_ids = ids;
    demand(seg_store_open(":memory:", 8, &options, &store, NULL) == SEG_OK);
    demand(seg_store_commit(store, &batch, 1, NULL, NULL, NULL) == SEG_OK);
    demand(seg_snapshot_create(store, &snapshot, NULL) == SEG_OK);
    seg_store_close(store, NULL);
    return snapshot;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static seg_snapshot *snapshot; /* reachable to the end, so that it is no leak */
    if (snapshot == NULL)
        snapshot = snapshot_open();
    if (size == 0)
        return 0;
    uint32_t format = data[0] % 2 == 0 ? SEG_ROARING_ORDINALS : SEG_ROARING_IDS;
    seg_error err = SEG_ERROR_INIT;
    seg_set *set = NULL, *back = NULL;
    uint64_t unknown = 0;
    seg_status status =
        seg_set_from_roaring(snapshot, format, data + 1, size - 1, &set, &unknown, &err);
    if (status != SEG_OK) {
        demand(status == SEG_E_ROARING || status == SEG_E_LIMIT || status == SEG_E_NOMEM);
        demand(set == NULL && err.code == status && err.message[0] != '\0');
        return 0;
    }
    demand(seg_set_count(set) <= USERS);
    seg_buffer *bytes = NULL;
    demand(seg_set_to_roaring(set, format, &bytes, &err) == SEG_OK);
    demand(seg_set_from_roaring(snapshot, format, seg_buffer_data(bytes), seg_buffer_size(bytes),
                                &back, &unknown, &err) == SEG_OK);
    demand(unknown == 0 && seg_set_equals(set, back));
    seg_buffer_destroy(bytes);
    seg_set_release(set);
    seg_set_release(back);
    return 0;
}
