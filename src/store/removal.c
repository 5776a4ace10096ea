/* Removal: see removal.h.
 *
 * The order matters: rows first, which says which columns may have lost strings; values next;
 * strings last, when all that still uses them is known. Old dictionaries and ids stay readable
 * for snapshots of before as long as their era does. */
#include "store/removal.h"

#include <string.h>

#include "base/error.h"
#include "store/keep.h"
#include "store/part_file.h"

seg_status segi_removal_init(segi_removal *removal, segi_store *store, seg_error *err)
{
    const segi_mem *mem = &store->mem;
    *removal = (segi_removal){.store = store, .err = err};
    SEGI_TRY(segi_keep_begin(store, err));
    if (store->keep) {
        SEGI_TRY(segi_disk_writable(store->keep->disk, err));
        SEGI_TRY(segi_load_all(store, err));
    }
    if (!segi_store_seal(store) || !segi_store_fold(store))
        return segi_fail_nomem(err);
    removal->runs = segi_alloc_array(mem, store->run_count, sizeof *removal->runs);
    removal->states = segi_alloc_zero(mem, store->attr_count * sizeof(segi_attr_state *));
    removal->events_lost = segi_alloc_zero(mem, store->schema->event_count);
    removal->attrs_lost = segi_alloc_zero(mem, store->attr_count);
    removal->era = segi_era_create(mem, &store->eras_open);
    if (!removal->runs || !removal->states || !removal->events_lost || !removal->attrs_lost ||
        !removal->era)
        return segi_fail_nomem(err);
    for (; removal->state_count < store->attr_count; removal->state_count++) {
        segi_attr_state *state = store->attrs[removal->state_count].state;
        if (state)
            segi_attr_state_retain(state);
        removal->states[removal->state_count] = state;
    }
    removal->exists = store->exists.state;
    if (removal->exists)
        segi_attr_state_retain(removal->exists);
    removal->firsts = store->firsts;
    if (removal->firsts)
        segi_run_retain(removal->firsts);
    return SEG_OK;
}

/* ---- rows and values ------------------------------------------------------------------------- */

/* How many rows of each part of a run go; counts[run->part_count]. */
static seg_status removal_count(const segi_removal *removal, const segi_run *run,
                                const segi_row_filter *filter, uint64_t *counts)
{
    segi_pins pins;
    seg_status status = SEG_OK;
    segi_pins_init(&pins, &removal->store->mem);
    for (uint32_t i = 0; status == SEG_OK && i < run->part_count; i++)
        if (!segi_pins_want(&pins, run->parts[i], SEGI_COLUMN_USERS) ||
            !segi_pins_want(&pins, run->parts[i], SEGI_COLUMN_TIME))
            status = segi_fail_nomem(removal->err);
    if (status == SEG_OK)
        status = segi_pins_hold(&pins, NULL, 1, removal->err);
    for (uint32_t i = 0; status == SEG_OK && i < run->part_count; i++)
        counts[i] = segi_part_count_out(run->parts[i], filter);
    segi_pins_release(&pins);
    return status;
}

/* What the run becomes: itself, retained; another one; or NULL. */
static seg_status removal_run(const segi_removal *removal, segi_run *run,
                              const segi_row_filter *filter, const uint64_t *counts, segi_run **out)
{
    uint64_t rows = 0;
    *out = NULL;
    for (uint32_t i = 0; i < run->part_count; i++)
        rows += counts[i];
    if (rows == 0)
        segi_run_retain(*out = run);
    if (rows == 0 || rows == run->row_count)
        return SEG_OK;
    return segi_run_rewrite(removal->store, run, filter, out, removal->err);
}

seg_status segi_removal_rows(segi_removal *removal, const segi_row_filter *filter)
{
    const segi_store *store = removal->store;
    uint64_t *counts = segi_alloc_array(&store->mem, store->schema->event_count, sizeof *counts);
    seg_status status = counts ? SEG_OK : segi_fail_nomem(removal->err);
    for (size_t r = 0; status == SEG_OK && r < store->run_count; r++) {
        segi_run *run = store->runs[r], *next = NULL;
        status = removal_count(removal, run, filter, counts);
        if (status == SEG_OK)
            status = removal_run(removal, run, filter, counts, &next);
        if (next)
            removal->runs[removal->run_count++] = next;
        for (uint32_t i = 0; status == SEG_OK && i < run->part_count; i++) {
            removal->events_lost[run->parts[i]->event] |= counts[i] > 0;
            removal->parts += counts[i] > 0;
            removal->rows += counts[i];
        }
    }
    segi_free(&store->mem, counts);
    return status;
}

/* Replace a state, which is retained, by the same without the users. */
static seg_status removal_state(segi_removal *removal, seg_type type, const segi_strings *dict,
                                const segi_row_filter *users, segi_attr_state **io_state,
                                uint64_t *io_removed)
{
    segi_store *store = removal->store;
    if (!*io_state)
        return SEG_OK;
    segi_attr_state *next =
        segi_attr_state_without(&store->mem, &store->scratch, type, dict ? dict->count : 0,
                                *io_state, users->users, users->user_count, io_removed);
    if (!next)
        return segi_fail_nomem(removal->err);
    segi_attr_state_release(*io_state);
    *io_state = next;
    return SEG_OK;
}

/* Expired first events of erased users go too. */
static seg_status removal_firsts(segi_removal *removal, const segi_row_filter *users)
{
    segi_run *run = removal->firsts, *next = NULL;
    if (!run)
        return SEG_OK;
    const segi_mem *mem = &removal->store->mem;
    uint64_t *counts = segi_alloc_array(mem, run->part_count, sizeof *counts);
    seg_status status =
        counts ? removal_count(removal, run, users, counts) : segi_fail_nomem(removal->err);
    if (status == SEG_OK)
        status = removal_run(removal, run, users, counts, &next);
    segi_free(mem, counts);
    if (status != SEG_OK)
        return status;
    segi_run_release(run);
    removal->firsts = next;
    return SEG_OK;
}

seg_status segi_removal_values(segi_removal *removal, const segi_row_filter *users)
{
    const segi_store *store = removal->store;
    uint64_t existed = 0;
    for (size_t i = 0; i < removal->state_count; i++) {
        const segi_attr *attr = &store->attrs[i];
        uint64_t removed = 0;
        SEGI_TRY(
            removal_state(removal, attr->type, attr->dict, users, &removal->states[i], &removed));
        removal->attrs_lost[i] = removed > 0;
        removal->values += removed;
    }
    SEGI_TRY(removal_state(removal, SEG_TYPE_TIMESTAMP, NULL, users, &removal->exists, &existed));
    return removal_firsts(removal, users);
}

/* ---- strings --------------------------------------------------------------------------------- */

/* Turn the codes in use into those to be forgotten; false if there are none. */
static bool removal_unused(const segi_strings *strings, uint64_t *codes)
{
    bool any = segi_strings_has_strays(strings);
    for (uint32_t i = 0; i < strings->count; i++) {
        if (segi_bit_get(codes, i) || segi_seq_get(&strings->records, i) == 0) {
            segi_bit_clear(codes, i);
        } else {
            segi_bit_set(codes, i);
            any = true;
        }
    }
    return any;
}

/* The dictionary at `place` without strings that are not among `codes`, which is spent. */
static bool removal_dict(segi_removal *removal, segi_strings **place, uint64_t *codes)
{
    uint64_t forgotten;
    if (!removal_unused(*place, codes))
        return true;
    if (!segi_grow(&removal->store->mem, (void **)&removal->dicts, &removal->dict_capacity,
                   removal->dict_count + 1, sizeof *removal->dicts))
        return false;
    segi_strings *next = segi_strings_without(*place, codes, &forgotten);
    if (!next)
        return false;
    removal->dicts[removal->dict_count++] = (segi_removal_dict){place, next};
    removal->strings += forgotten;
    return true;
}

/* A bit per code of the dictionary. */
static uint64_t *removal_codes(const segi_removal *removal, const segi_strings *strings)
{
    return segi_alloc_zero(&removal->store->mem,
                           (strings->count / 64 + (size_t)1) * sizeof(uint64_t));
}

/* Nothing to look for where nothing was lost, unless failed commits left strings behind. */
static bool removal_attribute(segi_removal *removal, size_t index)
{
    segi_attr *attr = &removal->store->attrs[index];
    if (!attr->dict || !(removal->attrs_lost[index] || removal->store->strays))
        return true;
    uint64_t *codes = removal_codes(removal, attr->dict);
    if (codes && removal->states[index])
        segi_attr_state_codes(removal->states[index], attr->type, codes);
    bool good = codes && removal_dict(removal, &attr->dict, codes);
    segi_free(&removal->store->mem, codes);
    return good;
}

/* Codes of one property in one part. */
static seg_status removal_part_codes(const segi_removal *removal, const segi_part *part,
                                     uint32_t property, uint64_t *codes)
{
    segi_pins pins;
    if (property >= part->column_count || part->columns[property].type == 0)
        return SEG_OK;
    segi_pins_init(&pins, &removal->store->mem);
    seg_status status = segi_pins_want(&pins, part, SEGI_COLUMN_PROPERTY + property)
                            ? segi_pins_hold(&pins, NULL, 1, removal->err)
                            : segi_fail_nomem(removal->err);
    if (status == SEG_OK)
        segi_col_codes(&part->columns[property], part->row_count, codes);
    segi_pins_release(&pins);
    return status;
}

/* The codes that rows of the type still use, over all runs that stay. */
static seg_status removal_property(segi_removal *removal, uint32_t event, uint32_t property)
{
    segi_strings **place = &removal->store->dicts[event].dicts[property];
    if (!*place)
        return SEG_OK;
    uint64_t *codes = removal_codes(removal, *place);
    seg_status status = codes ? SEG_OK : segi_fail_nomem(removal->err);
    for (size_t r = 0; r < removal->run_count; r++)
        for (uint32_t i = 0; status == SEG_OK && i < removal->runs[r]->part_count; i++)
            if (removal->runs[r]->parts[i]->event == event)
                status = removal_part_codes(removal, removal->runs[r]->parts[i], property, codes);
    if (status == SEG_OK && !removal_dict(removal, place, codes))
        status = segi_fail_nomem(removal->err);
    segi_free(&removal->store->mem, codes);
    return status;
}

seg_status segi_removal_strings(segi_removal *removal)
{
    const segi_store *store = removal->store;
    for (size_t i = 0; i < removal->state_count; i++)
        if (!removal_attribute(removal, i))
            return segi_fail_nomem(removal->err);
    for (uint32_t event = 0; event < store->dict_count; event++)
        for (uint32_t k = 0; k < store->dicts[event].count; k++)
            if (removal->events_lost[event] || store->strays)
                SEGI_TRY(removal_property(removal, event, k));
    removal->retired = segi_alloc_array(&store->mem, removal->dict_count, sizeof(segi_strings *));
    return removal->retired ? SEG_OK : segi_fail_nomem(removal->err);
}

/* ---- the file -------------------------------------------------------------------------------- */

seg_status segi_removal_finish(segi_store *store, bool applied, seg_error *err)
{
    bool more;
    if (!store->keep)
        return SEG_OK;
    seg_status status = segi_checkpoint_step(store, 0, &more, err);
    if (status == SEG_OK || !applied)
        return status;
    segi_disk_poison(store->keep->disk);
    /* Of other calls these say that nothing has happened. */
    if (status != SEG_E_NOMEM && status != SEG_E_FULL && status != SEG_E_LIMIT)
        return status;
    segi_fail(err, SEG_E_POISONED, "no %s to write the store without what is removed",
              status == SEG_E_NOMEM ? "memory" : "room");
    segi_error_hint(err, "close the store, open it and call again");
    return SEG_E_POISONED;
}

/* Runs that were not put in place. Of those that the store has, only the reference ends. */
static void removal_drop_runs(segi_removal *removal)
{
    segi_store *store = removal->store;
    for (size_t i = 0; i < removal->run_count; i++) {
        segi_run *run = removal->runs[i];
        bool kept = false;
        for (size_t k = 0; k < store->run_count && !kept; k++)
            kept = store->runs[k] == run;
        if (!kept)
            segi_store_retire(store, run);
        else
            segi_run_release(run);
    }
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The store's reference on a run ends; if the run does not stay, its blocks are to be dropped. */
static void removal_let_go(segi_store *store, segi_run *run, segi_run *const *kept, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kept[i] == run) {
            segi_run_release(run);
            return;
        }
    segi_store_retire(store, run);
}

/* Times are taken from the runs that stay. */
static void removal_swap_runs(segi_removal *removal)
{
    segi_store *store = removal->store;
    for (size_t i = 0; i < store->run_count; i++)
        removal_let_go(store, store->runs[i], removal->runs, removal->run_count);
    segi_free(&store->mem, store->runs);
    store->runs = removal->runs;
    store->run_capacity = store->run_count;
    store->run_count = removal->run_count;
    removal->runs = NULL;
    removal->run_count = 0;
    if (store->firsts)
        removal_let_go(store, store->firsts, &removal->firsts, 1);
    store->firsts = removal->firsts;
    removal->firsts = NULL;
    store->event_count -= removal->rows;
    store->time_min = store->time_max = 0;
    for (size_t i = 0; i < store->run_count; i++) {
        const segi_run *run = store->runs[i];
        if (i == 0 || run->time_min < store->time_min)
            store->time_min = run->time_min;
        if (i == 0 || run->time_max > store->time_max)
            store->time_max = run->time_max;
    }
}

/* The count is set to 0, so that segi_removal_deinit() finds nothing to release. */
static void removal_swap_states(segi_removal *removal)
{
    segi_store *store = removal->store;
    for (size_t i = 0; i < removal->state_count; i++) {
        segi_attr_state_release(store->attrs[i].state);
        store->attrs[i].state = removal->states[i];
    }
    removal->state_count = 0;
    segi_attr_state_release(store->exists.state);
    store->exists.state = removal->exists;
    removal->exists = NULL;
}

/* Put the new dictionaries and ids in place; the old ones end with the era. */
static void removal_swap_strings(segi_removal *removal)
{
    segi_store *store = removal->store;
    size_t count = removal->dict_count;
    for (size_t i = 0; i < count; i++) {
        removal->retired[i] = *removal->dicts[i].place;
        *removal->dicts[i].place = removal->dicts[i].next;
    }
    removal->dict_count = 0;
    segi_ids *old = NULL;
    if (removal->ids) {
        old = store->ids;
        store->ids = removal->ids;
        removal->ids = NULL;
    }
    segi_era_end(&store->era, removal->era, removal->retired, count, old);
    removal->era = NULL;
    removal->retired = NULL;
}

void segi_removal_apply(segi_removal *removal)
{
    segi_store *store = removal->store;
    removal_swap_runs(removal);
    removal_swap_states(removal);
    removal->written = false;
    segi_version_release(store->version);
    store->version = NULL;
    removal_swap_strings(removal);
    store->commit_sequence++;
    store->strays = false;
    /* Buffers hold what went through them. */
    segi_tail_deinit(&store->tail);
    segi_scratch_trim(&store->scratch, 0);
}

void segi_removal_deinit(segi_removal *removal)
{
    const segi_mem *mem = &removal->store->mem;
    removal_drop_runs(removal);
    for (size_t i = 0; i < removal->state_count; i++)
        segi_attr_state_release(removal->states[i]);
    for (size_t i = 0; i < removal->dict_count; i++)
        segi_strings_destroy(removal->dicts[i].next);
    if (removal->firsts && removal->firsts != removal->store->firsts)
        segi_store_retire(removal->store, removal->firsts);
    else
        segi_run_release(removal->firsts);
    segi_attr_state_release(removal->exists);
    segi_ids_destroy(removal->ids);
    segi_era_release(removal->era);
    segi_free(mem, removal->runs);
    segi_free(mem, removal->states);
    segi_free(mem, removal->events_lost);
    segi_free(mem, removal->attrs_lost);
    segi_free(mem, removal->dicts);
    segi_free(mem, removal->retired);
    if (removal->written)
        segi_checkpoint_sweep(removal->store);
}
