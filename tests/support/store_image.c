/* support/store_image.c - a small whole store with any bytes in it. */
#include "support/store_image.h"

#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "support/disk_image.h"

#define DAY ((int64_t)86400 * 1000000)
#define NOW ((int64_t)1769817600 * 1000000) /* 2026-01-31 */
#define USERS 12u
#define LEFT "left"

static void demand(bool condition)
{
    if (!condition)
        abort();
}

/* ---- the store ------------------------------------------------------------------------------- */

static seg_store *image_open(sim_vfs *sim, const char *path, uint32_t flags, uint32_t id_kind)
{
    seg_store *store = NULL;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = flags;
    options.id_kind = id_kind;
    options.threads_max = 1;
    options.memory_limit = 1 << 16;
    options.log_bytes_max = 1 << 16; /* each copy of the files has the whole log in it */
    if (segi_api_store_open(sim_vfs_table(sim), path, strlen(path), &options, &store, NULL) !=
        SEG_OK)
        return NULL;
    return store;
}

static void image_user(seg_appender *to, uint32_t kind, uint32_t user)
{
    char id[] = "user 00", text[] = "text 00";
    const char *tags[] = {"red", "green", text};
    const size_t sizes[] = {3, 5, 7};
    id[5] = text[5] = (char)('0' + user / 10);
    id[6] = text[6] = (char)('0' + user % 10);
    demand((kind == SEG_ID_U64 ? seg_appender_user_u64(to, user, NULL)
                               : seg_appender_user(to, id, 7, NULL)) == SEG_OK);
    demand(seg_appender_set_int64(to, "n", 1, user, NULL) == SEG_OK);
    demand(seg_appender_set_float64(to, "score", 5, user / 8.0, NULL) == SEG_OK);
    demand(seg_appender_set_string(to, "name", 4, text, 7, NULL) == SEG_OK);
    demand(seg_appender_set_bool(to, "ok", 2, user % 2, NULL) == SEG_OK);
    demand(seg_appender_set_decimal(to, "paid", 4, user * 100, 2, NULL) == SEG_OK);
    demand(seg_appender_set_date(to, "born", 4, (int32_t)user, NULL) == SEG_OK);
    demand(seg_appender_set_geo(to, "home", 4, user, -(double)user, NULL) == SEG_OK);
    demand(seg_appender_set_timestamp(to, "seen", 4, NOW - user * DAY, NULL) == SEG_OK);
    demand(seg_appender_set_strings(to, "tags", 4, tags + user % 2, sizes + user % 2, 3 - user % 2,
                                    NULL) == SEG_OK);
}

static void image_event(seg_appender *to, uint32_t kind, uint32_t event)
{
    char id[] = "user 00", text[] = "event 000";
    uint32_t user = event * 7 % USERS;
    const char *name = event % 3 == 0 ? "buy" : "see";
    id[5] = (char)('0' + user / 10);
    id[6] = (char)('0' + user % 10);
    for (uint32_t i = 0, rest = event; i < 3; i++, rest /= 10)
        text[8 - i] = (char)('0' + rest % 10);
    int64_t time = NOW - (int64_t)(event % 40) * DAY;
    demand((kind == SEG_ID_U64 ? seg_appender_event_u64(to, user, name, 3, time, NULL)
                               : seg_appender_event(to, id, 7, name, 3, time, NULL)) == SEG_OK);
    demand(seg_appender_set_event_id(to, text, 9, NULL) == SEG_OK);
    demand(seg_appender_set_string(to, "item", 4, text + event % 2, 5, NULL) == SEG_OK);
    demand(seg_appender_set_decimal(to, "amount", 6, event, 2, NULL) == SEG_OK);
}

static void image_commit(seg_store *store, uint32_t kind, uint32_t round)
{
    seg_appender *to = NULL;
    seg_commit_options token = SEG_COMMIT_OPTIONS_INIT;
    token.token = &"tokens"[round];
    token.token_size = 1;
    demand(seg_appender_create(store, &to, NULL) == SEG_OK);
    for (uint32_t i = round; i < USERS; i += 2)
        image_user(to, kind, i);
    for (uint32_t i = round * 60; i < (round + 1) * 60; i++)
        image_event(to, kind, i);
    demand(seg_appender_commit(to, &token, NULL, NULL) == SEG_OK);
    seg_appender_destroy(to);
}

static void image_remove(seg_store *store, uint32_t kind)
{
    const uint64_t offsets[] = {0, 7}, number = 3;
    seg_erase_options refuse = SEG_ERASE_OPTIONS_INIT;
    refuse.flags = SEG_ERASE_REFUSE;
    demand(seg_store_set_retention(store, "buy", 3, (uint64_t)(30 * DAY), NULL) == SEG_OK);
    demand(seg_store_expire(store, NOW, NULL, NULL) == SEG_OK);
    demand((kind == SEG_ID_U64 ? seg_store_erase_users_u64(store, &number, 1, &refuse, NULL, NULL)
                               : seg_store_erase_users(store, "user 03", offsets, 1, &refuse, NULL,
                                                       NULL)) == SEG_OK);
}

sim_vfs *store_image_make(uint32_t id_kind)
{
    sim_vfs *sim = sim_vfs_create(7);
    seg_store *store = image_open(sim, STORE_IMAGE_FILE, SEG_STORE_CREATE, id_kind);
    demand(store != NULL);
    for (uint32_t round = 0; round < 2; round++) {
        image_commit(store, id_kind, round);
        demand(seg_store_checkpoint(store, NULL) == SEG_OK);
    }
    demand(seg_store_define_segment(store, "buyers", 6, "did \"buy\"", 9, NULL, NULL) == SEG_OK);
    image_remove(store, id_kind);
    demand(seg_store_checkpoint(store, NULL) == SEG_OK);
    image_commit(store, id_kind, 2);
    sim_vfs *image = sim_vfs_copy(sim);
    demand(seg_store_close(store, NULL) == SEG_OK);
    sim_vfs_destroy(sim);
    return image;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static uint64_t get(const unsigned char *from, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static void put(unsigned char *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

/* A file under change: longer by a block, whose payload is still to be filled in. */
typedef struct image_file {
    unsigned char *bytes; /* owned */
    size_t size;
    disk_image_places places;
    size_t block; /* offset of the new one */
} image_file;

/* A block of that size behind the end, with the header of the one at `from`. */
static bool image_begin(sim_vfs *sim, size_t size, image_file *out)
{
    size_t had;
    const unsigned char *bytes = sim_vfs_bytes(sim, STORE_IMAGE_FILE, &had);
    size_t begin = (had + 511) / 512 * 512;
    if (!disk_image_find(bytes, had, &out->places))
        return false;
    out->size = begin + (64 + size + 511) / 512 * 512;
    out->bytes = calloc(1, out->size);
    demand(out->bytes != NULL);
    memcpy(out->bytes, bytes, had);
    out->block = begin;
    put(out->bytes + out->places.slot + 96, out->size, 8);
    return true;
}

static void image_header(image_file *file, size_t from, size_t size)
{
    unsigned char *header = file->bytes + file->block;
    memcpy(header, file->bytes + from, 64);
    header[10] = 0; /* as it is */
    put(header + 24, file->block, 8);
    put(header + 48, size, 4);
    put(header + 52, size, 4);
}

static void image_end(sim_vfs *sim, image_file *file)
{
    size_t log_size;
    const unsigned char *log = sim_vfs_bytes(sim, STORE_IMAGE_LOG, &log_size);
    unsigned char *copy = malloc(log_size);
    demand(copy != NULL);
    memcpy(copy, log, log_size);
    disk_image_forge(file->bytes, file->size, copy, log_size);
    sim_vfs_put(sim, STORE_IMAGE_FILE, file->bytes, file->size);
    free(copy);
    free(file->bytes);
}

/* The entry of the nth block of that kind, of as many as there are; 0: there is none. */
static size_t image_entry(const unsigned char *file, const disk_image_places *places, uint32_t kind,
                          size_t nth)
{
    size_t count = (size_t)get(file + places->table + 8, 8), found = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t i = 0; i < count; i++) {
            size_t entry = places->table + 32 + i * 48;
            if (get(file + entry + 40, 4) != kind)
                continue;
            if (pass == 1 && at++ == nth % found)
                return entry;
            found += pass == 0;
        }
        if (found == 0)
            return 0;
    }
    return 0;
}

bool store_image_put_block(sim_vfs *sim, uint32_t kind, size_t nth, const void *bytes, size_t size)
{
    image_file file;
    if (!image_begin(sim, size, &file))
        return false;
    size_t entry = image_entry(file.bytes, &file.places, kind, nth);
    if (entry == 0) {
        free(file.bytes);
        return false;
    }
    image_header(&file, (size_t)get(file.bytes + entry + 8, 8), size);
    if (size > 0)
        memcpy(file.bytes + file.block + 64, bytes, size);
    put(file.bytes + entry + 8, file.block, 8);
    put(file.bytes + entry + 32, size, 4);
    put(file.bytes + entry + 36, size, 4);
    put(file.bytes + entry + 44, 0, 4);
    image_end(sim, &file);
    return true;
}

bool store_image_put_root(sim_vfs *sim, const void *bytes, size_t size)
{
    image_file file;
    size_t had;
    if (store_image_root(sim, &had) == NULL)
        return false;
    disk_image_places places;
    size_t file_size;
    const unsigned char *old = sim_vfs_bytes(sim, STORE_IMAGE_FILE, &file_size);
    demand(disk_image_find(old, file_size, &places));
    size_t table = places.table_size - had;
    demand(image_begin(sim, table + size, &file));
    image_header(&file, file.places.catalogue, table + size);
    unsigned char *payload = file.bytes + file.block + 64;
    memcpy(payload, file.bytes + file.places.table, table);
    put(payload + 24, size, 8);
    if (size > 0)
        memcpy(payload + table, bytes, size);
    put(file.bytes + file.places.slot + 104, file.block, 8);
    put(file.bytes + file.places.slot + 136, table + size, 4);
    put(file.bytes + file.places.slot + 140, table + size, 4);
    image_end(sim, &file);
    return true;
}

bool store_image_put_record(sim_vfs *sim, const void *bytes, size_t size)
{
    size_t log_size, file_size;
    const unsigned char *file = sim_vfs_bytes(sim, STORE_IMAGE_FILE, &file_size);
    const unsigned char *log = sim_vfs_bytes(sim, STORE_IMAGE_LOG, &log_size);
    size_t end = 512 + (64 + size + 511) / 512 * 512;
    size_t new_size = end > log_size ? end : log_size;
    unsigned char *copy = calloc(1, new_size), *same = malloc(file_size);
    demand(copy != NULL && same != NULL);
    memcpy(copy, log, 512 + 64);
    memcpy(same, file, file_size);
    put(copy + 512 + 8, size, 8);
    if (size > 0)
        memcpy(copy + 512 + 64, bytes, size);
    disk_image_forge(same, file_size, copy, new_size);
    sim_vfs_put(sim, STORE_IMAGE_LOG, copy, new_size);
    free(copy);
    free(same);
    return true;
}

const unsigned char *store_image_block(sim_vfs *sim, uint32_t kind, size_t nth, size_t *out_size)
{
    size_t size;
    disk_image_places places;
    const unsigned char *file = sim_vfs_bytes(sim, STORE_IMAGE_FILE, &size);
    size_t entry = disk_image_find(file, size, &places) ? image_entry(file, &places, kind, nth) : 0;
    if (entry == 0)
        return NULL;
    *out_size = (size_t)get(file + entry + 32, 4);
    return file + get(file + entry + 8, 8) + 64;
}

const unsigned char *store_image_root(sim_vfs *sim, size_t *out_size)
{
    size_t size;
    disk_image_places places;
    const unsigned char *file = sim_vfs_bytes(sim, STORE_IMAGE_FILE, &size);
    if (!disk_image_find(file, size, &places))
        return NULL;
    *out_size = (size_t)get(file + places.table + 24, 8);
    return file + places.table + places.table_size - *out_size;
}

const unsigned char *store_image_record(sim_vfs *sim, size_t *out_size)
{
    size_t size;
    const unsigned char *log = sim_vfs_bytes(sim, STORE_IMAGE_LOG, &size);
    *out_size = (size_t)get(log + 512 + 8, 8);
    return log + 512 + 64;
}

/* ---- use ------------------------------------------------------------------------------------- */

const char *const store_image_questions[STORE_IMAGE_QUESTIONS] = {
    "everyone",
    "name = \"text 01\" or ok = true or paid > 3",
    "tags has \"red\" and score < 1",
    "n is null or home within 100 km of point(3, -3)",
    "did \"buy\" in last 30 days",
    "sum(amount) of \"buy\" > 1",
    "did \"see\" where (item = \"event\") at least 2 times",
    "first \"buy\" in last 40 days",
    "plan > 1",
    "tier has been \"a\" for 3 days",
    "did \"return\" where (reason = \"late\")",
    "in segment \"buyers\"",
    "in segment \"rich\"",
    "class.kind = \"one\"",
    "did \"buy\" during occasion \"sale\"",
};

/* What a call says does not matter here, only that it comes back. */
static void may_fail(seg_status status)
{
    (void)status;
}

static void ask(seg_store *store)
{
    seg_snapshot *snapshot = NULL;
    uint64_t count = 0;
    if (seg_snapshot_create(store, &snapshot, NULL) != SEG_OK)
        return;
    for (size_t i = 0; i < STORE_IMAGE_QUESTIONS; i++) {
        seg_segment *segment = NULL;
        const char *text = store_image_questions[i];
        if (seg_segment_compile(store, text, strlen(text), SEG_COMPILE_OPEN, &segment, NULL) !=
            SEG_OK)
            continue;
        may_fail(seg_segment_count(segment, snapshot, NOW, NULL, &count, NULL));
        seg_segment_release(segment);
    }
    seg_snapshot_release(snapshot);
}

static void change(seg_store *store)
{
    seg_appender *to = NULL;
    int32_t more = 0;
    if (seg_appender_create(store, &to, NULL) == SEG_OK) {
        may_fail(seg_appender_event(to, "user 02", 7, "buy", 3, NOW, NULL));
        may_fail(seg_appender_set_event_id(to, "event 003", 9, NULL));
        may_fail(seg_appender_user(to, "user 03", 7, NULL));
        may_fail(seg_appender_set_string(to, "name", 4, "new", 3, NULL));
        may_fail(seg_appender_commit(to, NULL, NULL, NULL));
        seg_appender_destroy(to);
    }
    may_fail(seg_store_expire(store, NOW + 20 * DAY, NULL, NULL));
    may_fail(seg_store_maintain(store, NULL, &more, NULL));
}

static void use_file(sim_vfs *sim, const char *path)
{
    for (int writing = 0; writing < 2; writing++) {
        uint64_t faults = 0;
        seg_store *store = image_open(sim, path, writing ? 0 : SEG_STORE_READ_ONLY, 0);
        if (store == NULL)
            continue;
        ask(store);
        may_fail(seg_store_check(store, SEG_CHECK_DEEP, NULL, NULL, &faults, NULL));
        if (writing) {
            change(store);
            ask(store);
        }
        may_fail(seg_store_close(store, NULL));
    }
}

/* What a salvage leaves is sound, whatever it came from. */
static void salvage(sim_vfs *sim)
{
    seg_salvage_report report;
    segi_store_place from = {.vfs = sim_vfs_table(sim), .path = STORE_IMAGE_FILE};
    memset(&report, 0, sizeof report);
    if (segi_store_salvage(segi_mem_default(), &from, LEFT, NULL, NULL, &report, NULL) != SEG_OK)
        return;
    uint64_t faults = 1;
    seg_store *store = image_open(sim, LEFT, 0, 0);
    demand(store != NULL);
    demand(seg_store_check(store, SEG_CHECK_DEEP, NULL, NULL, &faults, NULL) == SEG_OK);
    demand(faults == 0);
    ask(store);
    demand(seg_store_close(store, NULL) == SEG_OK);
}

void store_image_use(sim_vfs *sim)
{
    salvage(sim);
    use_file(sim, STORE_IMAGE_FILE);
    demand(sim_vfs_open_files(sim) == 0);
}
