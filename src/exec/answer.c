/* Values of the members of a set, as columns: what a host shows beside the ids.
 *
 * One thread, chunk by chunk, since rows of strings follow each other in one buffer. The set says
 * who, also where a member does not exist at this `now` (run.everyone): there is one row for each,
 * in rising order of ordinal, so members must be users of the snapshot. */
#include <string.h>

#include "exec/exec_int.h"

/* One column under way; `row` is the next one to be written. */
typedef struct values_work {
    const segi_prep_value *value; /* NULL: a string set */
    const segi_attr_view *sets;
    segi_values *out;
    segi_buf elements; /* string sets: codes, 4 bytes each */
    uint64_t row;
} values_work;

/* Codes only: their texts are written in one go once all are known. */
static void values_set_chunk(segi_worker *w, values_work *work, segi_users users)
{
    uint32_t scratch[64];
    for (uint32_t i = 0; i < users.count; i++, work->row++) {
        const uint32_t *codes;
        uint32_t n = segi_attr_set(work->sets, w->chunk, users.lows[i], &codes, scratch,
                                   &work->out->states[work->row]);
        work->out->lists[work->row + 1] = work->out->lists[work->row] + n;
        segi_buf_add(&work->elements, codes, n * sizeof *codes);
    }
    if (work->elements.failed)
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
}

/* Appends the texts of a chunk; an undefined value is one of no bytes. */
static void values_text(values_work *work, const segi_vector *v, uint32_t count)
{
    segi_values *out = work->out;
    for (uint32_t i = 0; i < count; i++) {
        if (segi_bit_get(v->set, i)) {
            size_t size;
            const char *text = segi_texts_get(work->value->strings, (uint32_t)v->slots[i], &size);
            segi_buf_add(&out->text, text, size);
        }
        out->offsets[work->row + i + 1] = out->text.size;
    }
}

/* One chunk of members, in rising order. Called by segi_exec_run_chunks() with one thread. */
static void values_chunk(segi_worker *w, void *context, uint32_t group)
{
    values_work *work = context;
    (void)group;
    if (!segi_worker_list(w))
        return;
    segi_mask_extract(w->base, w->base_count, w->candidates);
    segi_users users = {w->candidates, w->base_count};
    if (!work->value) {
        values_set_chunk(w, work, users);
        return;
    }
    segi_vector *v = segi_worker_vector_push(w);
    if (!v)
        return;
    segi_value_users(w, work->value, users, v);
    if (w->status == SEG_OK) {
        for (uint32_t i = 0; i < users.count; i++)
            work->out->states[work->row + i] = segi_bit_get(v->set, i)    ? SEG_VALUE_SET
                                               : segi_bit_get(v->null, i) ? SEG_VALUE_NULL
                                                                          : SEG_VALUE_ABSENT;
        if (work->value->strings)
            values_text(work, v, users.count);
        else
            memcpy(work->out->slots + work->row, v->slots, users.count * sizeof *v->slots);
        work->row += users.count;
    }
    if (work->out->text.failed)
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
    segi_worker_vector_pop(w);
}

/* The texts of all elements, from the codes that were gathered. */
static seg_status values_elements(values_work *work, const segi_dict *dict)
{
    segi_values *out = work->out;
    uint64_t n = out->lists[out->count];
    out->offsets = segi_alloc_array(out->mem, n + 1, sizeof *out->offsets);
    if (!out->offsets)
        return SEG_E_NOMEM;
    out->offsets[0] = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t code;
        size_t size;
        memcpy(&code, work->elements.data + i * sizeof code, sizeof code);
        const char *text = segi_dict_get(dict, code, &size);
        segi_buf_add(&out->text, text, size);
        out->offsets[i + 1] = out->text.size;
    }
    return out->text.failed ? SEG_E_NOMEM : SEG_OK;
}

/* Binds the value and makes room for exactly as many rows as there are members. */
static seg_status values_prepare(segi_exec_run *run, const segi_node *node, values_work *work,
                                 seg_error *err)
{
    segi_prep p = {.run = run, .status = SEG_OK, .err = err};
    segi_values *out = work->out;
    size_t n = out->count + 1;
    out->states = segi_alloc_zero(run->mem, n);
    if (node->type.type == SEG_TYPE_STRING_SET) {
        uint32_t known = run->snapshot->schema->attribute_count;
        if (node->field && node->field->index < known)
            work->sets = segi_prep_attribute(&p, node->field->index);
        if (p.status != SEG_OK)
            return p.status;
        out->lists = segi_alloc_zero(run->mem, n * sizeof *out->lists);
        return out->states && out->lists ? SEG_OK : segi_fail_nomem(err);
    }
    work->value = segi_prep_value_of(&p, node, (segi_place){0});
    if (!work->value)
        return p.status;
    out->type = work->value->type;
    if (work->value->strings)
        out->offsets = segi_alloc_zero(run->mem, n * sizeof *out->offsets);
    else
        out->slots = segi_alloc_zero(run->mem, n * sizeof *out->slots);
    return out->states && (out->offsets || out->slots) ? SEG_OK : segi_fail_nomem(err);
}

seg_status segi_exec_values(const segi_request *request, const segi_node *node,
                            const segi_bitmap *members, segi_values **out, seg_error *err)
{
    static const segi_program nothing = {0};
    segi_request own = *request;
    if (!own.program)
        own.program = &nothing;
    own.among = members;
    own.actual = NULL;
    segi_exec_run run;
    segi_exec_run_init(&run, &own);
    *out = NULL;
    segi_values *values = segi_alloc_zero(run.mem, sizeof *values);
    if (!values)
        return segi_fail_nomem(err);
    values->mem = run.mem;
    values->type = node->type;
    values->count = segi_bitmap_count(members);
    segi_buf_init(&values->text, run.mem);
    values_work work = {.out = values};
    segi_buf_init(&work.elements, run.mem);
    run.everyone = true;
    seg_status status = segi_exec_run_start(&run, 1, err);
    if (status == SEG_OK)
        status = values_prepare(&run, node, &work, err);
    if (status == SEG_OK)
        status = segi_exec_run_chunks(&run, 1, values_chunk, &work, 1, err);
    if (status == SEG_OK && values->lists &&
        values_elements(&work, work.sets ? work.sets->dict : NULL) != SEG_OK)
        status = segi_fail_nomem(err);
    segi_buf_deinit(&work.elements);
    segi_exec_run_deinit(&run);
    if (status != SEG_OK) {
        segi_values_destroy(values);
        return status;
    }
    *out = values;
    return SEG_OK;
}

void segi_values_destroy(segi_values *values)
{
    if (!values)
        return;
    segi_free(values->mem, values->states);
    segi_free(values->mem, values->slots);
    segi_free(values->mem, values->offsets);
    segi_free(values->mem, values->lists);
    segi_buf_deinit(&values->text);
    segi_free(values->mem, values);
}
