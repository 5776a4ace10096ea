/* Occasions by name: see occasions.h.
 *
 * In the store's file an occasion is a text, a line "2026-11-27 2026-11-30" per range: whoever
 * looks into the file can read it, and it is checked like everything that comes from outside.
 *
 * Occasions are the named calendars of S-27: holidays that follow the moon are data. Ranges are
 * kept rising and apart, so that "is this day one of them" is a binary search for whoever
 * compiles them. Definitions of the same name replace each other; who has compiled the old one
 * keeps its own copy. */
#include "sets/occasions.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/name.h"

#define DAY_MIN (SEG_TIME_MIN / SEGI_DAY)
#define DAY_MAX (SEG_TIME_MAX / SEGI_DAY)
#define DATE_SIZE 10 /* 2026-01-31 */
#define LINE_SIZE (2 * DATE_SIZE + 2)

/* ---- entries ---- */

/* Name and ranges; the entry itself lies in the array. */
static void entry_deinit(segi_occasion_entry *entry, const segi_mem *mem)
{
    segi_free(mem, entry->name);
    segi_free(mem, entry->ranges);
}

void segi_occasions_deinit(segi_occasions *occasions, const segi_mem *mem)
{
    for (size_t i = 0; i < occasions->count; i++)
        entry_deinit(&occasions->entries[i], mem);
    segi_free(mem, occasions->entries);
    memset(occasions, 0, sizeof *occasions);
}

static const char *entry_name(const void *list, size_t i, size_t *out_size)
{
    const segi_occasion_entry *entry = &((const segi_occasions *)list)->entries[i];
    *out_size = entry->name_size;
    return entry->name;
}

/* The place of the name, or the one where it belongs. */
static bool entry_locate(const segi_occasions *occasions, const char *name, size_t name_size,
                         size_t *out)
{
    return segi_name_find(occasions, occasions->count, entry_name, name, name_size, out);
}

const segi_occasion_entry *segi_occasions_find(const segi_occasions *occasions, const char *name,
                                               size_t name_size)
{
    size_t place;
    return entry_locate(occasions, name, name_size, &place) ? &occasions->entries[place] : NULL;
}

/* Takes the entry; one of the same name goes. There is room. */
static void entry_put(segi_occasions *occasions, const segi_mem *mem,
                      const segi_occasion_entry *entry)
{
    size_t place;
    if (entry_locate(occasions, entry->name, entry->name_size, &place)) {
        entry_deinit(&occasions->entries[place], mem);
    } else {
        memmove(&occasions->entries[place + 1], &occasions->entries[place],
                (occasions->count - place) * sizeof *entry);
        occasions->count++;
    }
    occasions->entries[place] = *entry;
}

/* ---- ranges ---- */

static int range_compare(const void *a, const void *b)
{
    const segi_days *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Rising; ranges that touch become one. Returns how many are left.
 * In place, O(n log n). */
static size_t ranges_merge(segi_days *ranges, size_t count)
{
    size_t kept = 0;
    qsort(ranges, count, sizeof *ranges, range_compare);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && ranges[i].first <= ranges[kept - 1].last + 1) {
            if (ranges[i].last > ranges[kept - 1].last)
                ranges[kept - 1].last = ranges[i].last;
        } else {
            ranges[kept++] = ranges[i];
        }
    }
    return kept;
}

/* What the public function promises about ranges; also asked of those that come from a file. */
static seg_status ranges_check(const segi_days *ranges, size_t count, seg_error *err)
{
    SEGI_CHECK_ARG(count > 0, err, "an occasion has one range of days or more");
    if (count > SEG_OCCASION_RANGES_MAX)
        return segi_fail(err, SEG_E_LIMIT, "more than %d ranges in one occasion",
                         SEG_OCCASION_RANGES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first > ranges[i].last)
            return segi_fail(err, SEG_E_ARG, "range %zu of the occasion ends before it begins", i);
        if (ranges[i].first < DAY_MIN || ranges[i].last > DAY_MAX)
            return segi_fail(err, SEG_E_ARG, "range %zu of the occasion is outside of the calendar",
                             i);
    }
    return SEG_OK;
}

/* ---- as text ---- */

/* One line of LINE_SIZE bytes per range. Years have four digits: see DAY_MIN and DAY_MAX. */
static void ranges_write(const segi_occasion_entry *entry, segi_buf *out)
{
    for (size_t i = 0; i < entry->count; i++) {
        segi_civil_write_date(out, entry->ranges[i].first);
        segi_buf_char(out, ' ');
        segi_civil_write_date(out, entry->ranges[i].last);
        segi_buf_char(out, '\n');
    }
}

/* Exactly DATE_SIZE bytes must be a date. */
static bool date_read(const char *text, int32_t *out)
{
    segi_civil_time time;
    if (segi_civil_parse(text, DATE_SIZE, &time) != DATE_SIZE)
        return false;
    *out = time.days;
    return true;
}

/* One line; false: it is something else. */
static bool range_read(const char *line, segi_days *out)
{
    return line[DATE_SIZE] == ' ' && line[LINE_SIZE - 1] == '\n' && date_read(line, &out->first) &&
           date_read(line + DATE_SIZE + 1, &out->last);
}

/* entry->count says how many ranges the text has by its size; a text of another size is damaged. */
static seg_status ranges_read(segi_occasion_entry *entry, const char *text, size_t text_size,
                              seg_error *err)
{
    bool good = text_size == entry->count * LINE_SIZE;
    for (size_t i = 0; good && i < entry->count; i++)
        good = range_read(text + i * LINE_SIZE, &entry->ranges[i]);
    if (!good || ranges_check(entry->ranges, entry->count, NULL) != SEG_OK)
        return segi_fail(err, SEG_E_CORRUPT, "the days of occasion \"%.*s\" cannot be read",
                         (int)entry->name_size, entry->name);
    entry->count = ranges_merge(entry->ranges, entry->count);
    return SEG_OK;
}

/* ---- door ---- */

/* An entry with room for so many ranges, and a place for it.
 * The ranges are not filled yet. On failure nothing is kept but the place. */
static seg_status entry_prepare(segi_occasions *occasions, const segi_mem *mem, const char *name,
                                size_t name_size, size_t count, uint64_t version,
                                segi_occasion_entry *out, seg_error *err)
{
    void *entries = occasions->entries;
    if (!segi_grow(mem, &entries, &occasions->capacity, occasions->count + 1, sizeof *out))
        return segi_fail_nomem(err);
    occasions->entries = entries;
    *out = (segi_occasion_entry){.name_size = name_size, .version = version, .count = count};
    out->name = segi_alloc(mem, name_size);
    out->ranges = segi_alloc_array(mem, count, sizeof *out->ranges);
    if (out->name == NULL || out->ranges == NULL) {
        entry_deinit(out, mem);
        return segi_fail_nomem(err);
    }
    memcpy(out->name, name, name_size);
    return SEG_OK;
}

typedef struct occasions_loading {
    segi_occasions *occasions;
    const segi_mem *mem;
} occasions_loading;

/* Called by the store for each text on the shelf. */
static seg_status occasion_restore(void *user, const char *name, size_t name_size, const char *text,
                                   size_t text_size, uint64_t version, seg_error *err)
{
    const occasions_loading *l = user;
    segi_occasion_entry entry;
    SEGI_TRY(entry_prepare(l->occasions, l->mem, name, name_size, text_size / LINE_SIZE, version,
                           &entry, err));
    seg_status status = ranges_read(&entry, text, text_size, err);
    if (status == SEG_OK)
        entry_put(l->occasions, l->mem, &entry);
    else
        entry_deinit(&entry, l->mem);
    return status;
}

seg_status segi_occasions_load(segi_occasions *occasions, const segi_mem *mem, segi_store *store,
                               seg_error *err)
{
    occasions_loading loading = {occasions, mem};
    return segi_store_each_text(store, SEGI_SHELF_OCCASIONS, occasion_restore, &loading, err);
}

/* Before the entry is put in: what is not in the file must not be seen either. */
static seg_status entry_save(const segi_occasion_entry *entry, const segi_mem *mem,
                             segi_store *store, seg_error *err)
{
    segi_buf text;
    if (store == NULL)
        return SEG_OK;
    segi_buf_init(&text, mem);
    ranges_write(entry, &text);
    seg_status status = text.failed ? segi_fail_nomem(err)
                                    : segi_store_save_text(store, SEGI_SHELF_OCCASIONS, entry->name,
                                                           entry->name_size, text.data, text.size,
                                                           entry->version, err);
    segi_buf_deinit(&text);
    return status;
}

/* Prepared, saved, put in: the last step cannot fail. */
seg_status segi_occasions_define(segi_occasions *occasions, const segi_mem *mem, segi_store *store,
                                 const char *name, size_t name_size, const segi_days *ranges,
                                 size_t count, seg_error *err)
{
    segi_occasion_entry entry;
    SEGI_TRY(ranges_check(ranges, count, err));
    const segi_occasion_entry *old = segi_occasions_find(occasions, name, name_size);
    uint64_t version = old != NULL ? old->version + 1 : 1;
    SEGI_TRY(entry_prepare(occasions, mem, name, name_size, count, version, &entry, err));
    memcpy(entry.ranges, ranges, count * sizeof *ranges);
    entry.count = ranges_merge(entry.ranges, count);
    seg_status status = entry_save(&entry, mem, store, err);
    if (status == SEG_OK)
        entry_put(occasions, mem, &entry);
    else
        entry_deinit(&entry, mem);
    return status;
}

/* The file first, for the same reason as in entry_save(). */
seg_status segi_occasions_drop(segi_occasions *occasions, const segi_mem *mem, segi_store *store,
                               const segi_occasion_entry *entry, seg_error *err)
{
    size_t place = (size_t)(entry - occasions->entries);
    if (store != NULL)
        SEGI_TRY(
            segi_store_drop_text(store, SEGI_SHELF_OCCASIONS, entry->name, entry->name_size, err));
    entry_deinit(&occasions->entries[place], mem);
    occasions->count--;
    memmove(&occasions->entries[place], &occasions->entries[place + 1],
            (occasions->count - place) * sizeof *entry);
    return SEG_OK;
}
