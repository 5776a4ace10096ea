/* world.c - the comparisons: one answer of the twin against all the ways to ask the store. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *volatile world_current;

/* ---- open and close ---- */

static void world_ids(world *w)
{
    const feed_data *feed = w->feed;
    size_t size = 0;
    for (size_t i = 0; i < feed->user_count; i++)
        size += feed->user_names[i].size;
    char *bytes = model_alloc(&w->arena, size + 1);
    uint64_t *offsets = model_alloc(&w->arena, (feed->user_count + 1) * sizeof(*offsets));
    for (size_t i = 0; i < feed->user_count; i++) {
        memcpy(bytes + offsets[i], feed->user_names[i].data, feed->user_names[i].size);
        offsets[i + 1] = offsets[i] + feed->user_names[i].size;
    }
    w->id_bytes = bytes;
    w->id_offsets = offsets;
}

static bool save_occasions(world *w, model_text *why)
{
    seg_error err = SEG_ERROR_INIT;
    for (size_t i = 0; i < MODEL_OCCASIONS; i++) {
        const model_occasion *occasion = &w->catalog->occasions[i];
        int32_t days[2 * MODEL_RANGES_MAX];
        for (size_t k = 0; k < occasion->count; k++) {
            days[2 * k] = (int32_t)occasion->first[k];
            days[2 * k + 1] = (int32_t)occasion->last[k];
        }
        if (occasion->count != 0 &&
            seg_store_define_occasion(w->store.store, occasion->name, strlen(occasion->name), days,
                                      occasion->count, &err) != SEG_OK) {
            model_addf(why, "define occasion: %.200s\n", err.message);
            return false;
        }
    }
    return true;
}

static bool save_segments(world *w, model_text *why)
{
    seg_error err = SEG_ERROR_INIT;
    for (size_t i = 0; i < w->catalog->count; i++) {
        const model_segment *segment = &w->catalog->segments[i];
        model_text text = {NULL, 0, 0};
        uint64_t version = 0;
        model_print_segment(&w->feed->schema, w->catalog, segment, NULL, &text);
        bool class = segment->root->kind == MODEL_CLASS;
        seg_status status = (class ? seg_store_define_class : seg_store_define_segment)(
            w->store.store, segment->name, strlen(segment->name), text.data, text.size, &version,
            &err);
        if (status != SEG_OK || version != 1) {
            model_addf(why, "define segment: %s: %.200s\n", seg_status_name(status), err.message);
            model_add(why, text.data, text.size);
        }
        model_text_free(&text);
        if (status != SEG_OK)
            return false;
    }
    return true;
}

bool world_open(world *w, feed_data *feed, const model_catalog *catalog, uint32_t threads,
                model_text *why)
{
    memset(w, 0, sizeof(*w));
    w->feed = feed;
    w->catalog = catalog;
    w->threads = threads;
    world_ids(w);
    return feed_load(feed, &w->store, why) && save_occasions(w, why) && save_segments(w, why);
}

void world_close(world *w)
{
    feed_unload(&w->store);
    model_arena_reset(&w->arena);
    memset(w, 0, sizeof(*w));
}

const model *world_model(world *w, size_t commit)
{
    if (w->models[commit].schema == NULL)
        feed_model(w->feed, commit + 1, &w->arena, &w->models[commit]);
    return &w->models[commit];
}

/* ---- compiling ---- */

typedef struct asking {
    world *w;
    const world_probe *probe;
    const model *model;
    seg_snapshot *snapshot;
    model_arena *arena;
    model_text text; /* the predicate */
    model_param params[MODEL_PARAMS_MAX];
    size_t param_count;
    seg_segment *segment;
    seg_set *set;
    uint8_t *expected, *actual;
    rng r; /* samples */
    model_text *why;
    seg_error err;
} asking;

static bool fail(asking *a, const char *what, seg_status status)
{
    model_addf(a->why, "%s: %s: %.200s (at %" PRId64 ", hint: %.200s)", what,
               seg_status_name(status), a->err.message, a->err.offset, a->err.hint);
    return false;
}

static void print_probe(const world *w, const world_probe *probe, model_arena *arena, asking *a,
                        model_text *out)
{
    model_style style = {probe->style, probe->param_percent, NULL, 0, arena};
    if (probe->param_percent > 0)
        style.params = a->params;
    model_print_segment(&w->feed->schema, w->catalog, &probe->segment, &style, out);
    a->param_count = style.param_count;
}

void world_print(const world *w, const world_probe *probe, model_text *out)
{
    model_arena arena = {NULL};
    asking *a = calloc(1, sizeof(*a));
    if (a == NULL)
        exit(2);
    print_probe(w, probe, &arena, a, out);
    for (size_t i = 0; i < a->param_count; i++) {
        model_addf(out, "\n    $%s =", a->params[i].name);
        for (size_t k = 0; k < a->params[i].count; k++) {
            model_addf(out, " ");
            model_dump_value(out, &a->params[i].values[k]);
        }
    }
    free(a);
    model_arena_reset(&arena);
}

static seg_status bind_value(seg_params *params, const model_param *param, seg_type wanted,
                             const model_value *value, seg_error *err)
{
    const char *name = param->name;
    size_t size = strlen(name);
    if (wanted == SEG_TYPE_FLOAT64 && value->type == SEG_TYPE_DECIMAL)
        return seg_params_add_float64(params, name, size, model_to_double(value), err);
    switch (value->type) {
    case SEG_TYPE_BOOL: return seg_params_add_bool(params, name, size, (int32_t)value->i, err);
    case SEG_TYPE_INT64: return seg_params_add_int64(params, name, size, value->i, err);
    case SEG_TYPE_DECIMAL:
        return seg_params_add_decimal(params, name, size, value->i, value->scale, err);
    case SEG_TYPE_TIMESTAMP: return seg_params_add_timestamp(params, name, size, value->i, err);
    default:
        return seg_params_add_string(params, name, size, value->text.data, value->text.size, err);
    }
}

/* The type that the library wants for a parameter. */
static seg_type param_type(const seg_segment *segment, const model_param *param)
{
    seg_error err = SEG_ERROR_INIT;
    for (uint64_t i = 0; i < seg_segment_param_count(segment); i++) {
        seg_param_info info;
        memset(&info, 0, sizeof(info));
        info.struct_size = (uint32_t)sizeof(info);
        if (seg_segment_param_at(segment, i, &info, &err) == SEG_OK &&
            info.name_size == strlen(param->name) &&
            memcmp(info.name, param->name, info.name_size) == 0)
            return info.type;
    }
    return 0;
}

static bool bind_all(asking *a)
{
    seg_params *params = NULL;
    seg_segment *bound = NULL;
    if (seg_segment_param_count(a->segment) != a->param_count) {
        model_addf(a->why, "%" PRIu64 " parameters, should be %zu",
                   seg_segment_param_count(a->segment), a->param_count);
        return false;
    }
    if (a->param_count == 0)
        return true;
    seg_status status = seg_params_create(NULL, &params, &a->err);
    for (size_t i = 0; i < a->param_count && status == SEG_OK; i++) {
        const model_param *param = &a->params[i];
        seg_type wanted = param_type(a->segment, param);
        if (param->count == 0)
            status = seg_params_add_empty(params, param->name, strlen(param->name), &a->err);
        for (size_t k = 0; k < param->count && status == SEG_OK; k++)
            status = bind_value(params, param, wanted, &param->values[k], &a->err);
    }
    if (status == SEG_OK)
        status = seg_segment_bind(a->segment, params, &bound, &a->err);
    seg_params_destroy(params);
    if (status != SEG_OK)
        return fail(a, "bind", status);
    seg_segment_release(a->segment);
    a->segment = bound;
    return true;
}

static bool compile(asking *a)
{
    print_probe(a->w, a->probe, a->arena, a, &a->text);
    world_current = a->text.data;
    seg_status status =
        seg_segment_compile(a->w->store.store, a->text.data, a->text.size, 0, &a->segment, &a->err);
    if (status != SEG_OK)
        return fail(a, "compile", status);
    return bind_all(a);
}

/* ---- reading sets ---- */

static void read_members(const asking *a, const seg_set *set, uint8_t *members)
{
    const feed_data *feed = a->w->feed;
    if (feed->id_kind == SEG_ID_U64)
        seg_set_contains_many_u64(set, feed->user_numbers, feed->user_count, members);
    else
        seg_set_contains_many(set, a->w->id_bytes, a->w->id_offsets, feed->user_count, members);
}

static bool same_members(asking *a, const char *how, const seg_set *set, const uint8_t *expected)
{
    size_t n = a->w->feed->user_count, count = 0, wrong = 0;
    read_members(a, set, a->actual);
    for (size_t i = 0; i < n; i++) {
        count += a->actual[i];
        wrong += a->actual[i] != expected[i];
    }
    if (wrong == 0 && seg_set_count(set) == count)
        return true;
    model_addf(a->why, "%s: %zu users wrong; count %" PRIu64 ", ids %zu", how, wrong,
               seg_set_count(set), count);
    return false;
}

static bool same_bytes(asking *a, const char *how, const seg_set *x, const seg_set *y)
{
    seg_buffer *left = NULL, *right = NULL;
    seg_status status = seg_set_to_roaring(x, SEG_ROARING_ORDINALS, &left, &a->err);
    if (status == SEG_OK)
        status = seg_set_to_roaring(y, SEG_ROARING_ORDINALS, &right, &a->err);
    bool same = status == SEG_OK && seg_buffer_size(left) == seg_buffer_size(right) &&
                memcmp(seg_buffer_data(left), seg_buffer_data(right), seg_buffer_size(left)) == 0;
    seg_buffer_destroy(left);
    seg_buffer_destroy(right);
    if (status != SEG_OK)
        return fail(a, how, status);
    if (!same || !seg_set_equals(x, y)) {
        model_addf(a->why, "%s: other roaring bytes", how);
        return false;
    }
    return true;
}

/* Ids come in the order in which the store first saw the users. */
static bool cursor_order(asking *a, const seg_set *set, const uint8_t *expected)
{
    enum {
        STEP = 700
    };
    static uint64_t offsets[STEP + 1], numbers[STEP];
    const feed_data *feed = a->w->feed;
    const model *twin = a->model;
    seg_set_cursor *cursor = NULL;
    const char *bytes = NULL;
    uint64_t count = 1;
    size_t at = 0;
    bool good = true;
    seg_status status = seg_set_cursor_create(set, &cursor, &a->err);
    while (status == SEG_OK && good && count > 0) {
        status = feed->id_kind == SEG_ID_U64
                     ? seg_set_cursor_next_u64(cursor, STEP, numbers, &count, &a->err)
                     : seg_set_cursor_next(cursor, STEP, offsets, &bytes, &count, &a->err);
        for (uint64_t i = 0; status == SEG_OK && good && i < count; i++) {
            while (at < twin->order_count && !expected[twin->order[at]])
                at++;
            good = at < twin->order_count;
            if (!good)
                break;
            uint32_t user = twin->order[at++];
            if (feed->id_kind == SEG_ID_U64)
                good = numbers[i] == feed->user_numbers[user];
            else
                good = offsets[i + 1] - offsets[i] == feed->user_names[user].size &&
                       memcmp(bytes + offsets[i], feed->user_names[user].data,
                              feed->user_names[user].size) == 0;
        }
    }
    seg_set_cursor_destroy(cursor);
    if (status != SEG_OK)
        return fail(a, "cursor", status);
    if (!good)
        model_addf(a->why, "cursor: ids are not in the order of first sight");
    return good;
}

/* ---- the checks ---- */

static seg_status evaluate(asking *a, const seg_segment *segment, uint32_t threads,
                           const seg_set *among, seg_set **out)
{
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.threads = threads;
    options.among = among;
    return seg_segment_evaluate(segment, a->snapshot, a->probe->now, &options, out, &a->err);
}

static bool check_threads(asking *a)
{
    seg_set *set = NULL;
    seg_status status = evaluate(a, a->segment, a->w->threads, NULL, &set);
    if (status != SEG_OK)
        return fail(a, "evaluate with threads", status);
    bool good = same_bytes(a, "threads", a->set, set);
    seg_set_release(set);
    return good;
}

static bool check_count(asking *a)
{
    uint64_t count = 0;
    seg_status status =
        seg_segment_count(a->segment, a->snapshot, a->probe->now, NULL, &count, &a->err);
    if (status != SEG_OK)
        return fail(a, "count", status);
    if (count != seg_set_count(a->set)) {
        model_addf(a->why, "count: %" PRIu64 ", the set has %" PRIu64, count,
                   seg_set_count(a->set));
        return false;
    }
    return true;
}

/* A random subset of the users, as a set and as flags. */
static seg_status some_users(asking *a, uint8_t *chosen, seg_set **out)
{
    const feed_data *feed = a->w->feed;
    size_t n = feed->user_count, count = 0;
    uint64_t *numbers = model_alloc(a->arena, (n + 1) * sizeof(*numbers));
    uint64_t *offsets = model_alloc(a->arena, (n + 1) * sizeof(*offsets));
    char *bytes = model_alloc(a->arena, a->w->id_offsets[n] + 1);
    uint64_t every = 1 + rng_below(&a->r, rng_chance(&a->r, 50) ? 3 : 50), unknown = 0;
    for (size_t i = 0; i < n; i++) {
        chosen[i] = rng_below(&a->r, every) == 0;
        if (!chosen[i])
            continue;
        numbers[count] = feed->user_numbers[i];
        memcpy(bytes + offsets[count], feed->user_names[i].data, feed->user_names[i].size);
        offsets[count + 1] = offsets[count] + feed->user_names[i].size;
        count++;
    }
    if (feed->id_kind == SEG_ID_U64)
        return seg_set_from_ids_u64(a->snapshot, numbers, count, out, &unknown, &a->err);
    return seg_set_from_ids(a->snapshot, bytes, offsets, count, out, &unknown, &a->err);
}

static bool check_among(asking *a)
{
    size_t n = a->w->feed->user_count;
    uint8_t *chosen = model_alloc(a->arena, n + 1);
    seg_set *among = NULL, *set = NULL;
    seg_status status = some_users(a, chosen, &among);
    if (status == SEG_OK)
        status = evaluate(a, a->segment, 1, among, &set);
    bool good = status == SEG_OK || fail(a, "evaluate among", status);
    for (size_t i = 0; i < n; i++)
        chosen[i] = chosen[i] && a->expected[i];
    good = good && same_members(a, "among", set, chosen);
    seg_set_release(among);
    seg_set_release(set);
    return good;
}

static bool check_single(asking *a)
{
    const feed_data *feed = a->w->feed;
    for (int k = 0; k < 6; k++) {
        size_t i = rng_below(&a->r, feed->user_count);
        model_string name = feed->user_names[i];
        int32_t member = -1;
        seg_status status =
            feed->id_kind == SEG_ID_U64
                ? seg_segment_test_u64(a->segment, a->snapshot, feed->user_numbers[i],
                                       a->probe->now, &member, &a->err)
                : seg_segment_test(a->segment, a->snapshot, name.data, name.size, a->probe->now,
                                   &member, &a->err);
        if (status != SEG_OK)
            return fail(a, "test", status);
        if (member != a->expected[i]) {
            a->actual[i] = !a->expected[i];
            model_addf(a->why, "test: user %zu is %d", i, (int)member);
            return false;
        }
    }
    return true;
}

/* The canonical text, or the JSON form, compiles to a segment with the same members. */
static bool check_canonical(asking *a, bool json)
{
    const char *form = json ? "JSON form" : "canonical text";
    seg_store *store = a->w->store.store;
    seg_buffer *text = NULL;
    seg_segment *again = NULL;
    seg_set *set = NULL;
    uint64_t x[2] = {0, 1}, y[2] = {2, 3};
    seg_status status = json ? seg_segment_to_json(a->segment, 0, &text, &a->err)
                             : seg_segment_text(a->segment, &text, &a->err);
    if (status == SEG_OK)
        status = json ? seg_segment_compile_json(store, seg_buffer_data(text),
                                                 seg_buffer_size(text), 0, &again, &a->err)
                      : seg_segment_compile(store, seg_buffer_data(text), seg_buffer_size(text), 0,
                                            &again, &a->err);
    if (status == SEG_OK)
        status = evaluate(a, again, 1, NULL, &set);
    bool good = status == SEG_OK || fail(a, form, status);
    good = good && same_bytes(a, form, a->set, set);
    if (good) {
        seg_segment_fingerprint(a->segment, x);
        seg_segment_fingerprint(again, y);
        good = x[0] == y[0] && x[1] == y[1];
        if (!good)
            model_addf(a->why, "%s: another fingerprint", form);
    }
    if (!good && text != NULL)
        model_addf(a->why, "; %s: %.300s", form, seg_buffer_data(text));
    seg_buffer_destroy(text);
    seg_segment_release(again);
    seg_set_release(set);
    return good;
}

/* ---- why ---- */

static seg_status ask_why(asking *a, size_t user, int64_t now, seg_why **out)
{
    const feed_data *feed = a->w->feed;
    model_string name = feed->user_names[user];
    seg_why_options options = SEG_WHY_OPTIONS_INIT;
    options.horizon_us = (int64_t)(1 + rng_below(&a->r, 400)) * 86400000000;
    return feed->id_kind == SEG_ID_U64
               ? seg_segment_why_u64(a->segment, a->snapshot, feed->user_numbers[user], now,
                                     &options, out, &a->err)
               : seg_segment_why(a->segment, a->snapshot, name.data, name.size, now, &options, out,
                                 &a->err);
}

/* What the twin says about the user at an instant. False: some sum does not fit then. */
static bool twin_at(asking *a, size_t user, int64_t now, bool *out)
{
    bool overflow = false;
    *out = model_evaluate_user(a->model, a->w->catalog, &a->probe->segment, user, now, &overflow);
    return !overflow;
}

/* At the instant twin and library both say what the explanation has said ahead. */
static bool member_at(asking *a, size_t user, int64_t asked, int64_t now, bool wanted)
{
    const feed_data *feed = a->w->feed;
    model_string name = feed->user_names[user];
    bool twin;
    int32_t member = -1;
    seg_status status = feed->id_kind == SEG_ID_U64
                            ? seg_segment_test_u64(a->segment, a->snapshot,
                                                   feed->user_numbers[user], now, &member, &a->err)
                            : seg_segment_test(a->segment, a->snapshot, name.data, name.size, now,
                                               &member, &a->err);
    if (!twin_at(a, user, now, &twin) || status == SEG_E_OVERFLOW)
        return true;
    if (status != SEG_OK)
        return fail(a, "test", status);
    if (twin == wanted && member == wanted)
        return true;
    model_addf(a->why,
               "why: user %zu, asked at %" PRId64 ", should be %s at %" PRId64 " (%+" PRId64
               " us): the twin says %d, the library %d",
               user, asked, wanted ? "in" : "out", now, now - asked, twin, (int)member);
    return false;
}

/* Nothing changes before the instant, and then it does. */
static bool check_why_of(asking *a, size_t user, int64_t now)
{
    seg_why *why = NULL;
    seg_why_node root = {.struct_size = (uint32_t)sizeof root};
    bool member;
    seg_status status = ask_why(a, user, now, &why);
    if (status == SEG_E_OVERFLOW || status == SEG_E_NOT_FOUND || !twin_at(a, user, now, &member))
        status = SEG_E_OVERFLOW;
    if (status == SEG_OK)
        status = seg_why_node_at(why, 0, &root, &a->err);
    int64_t horizon = seg_why_horizon(why);
    seg_why_destroy(why);
    if (status == SEG_E_OVERFLOW)
        return true;
    if (status != SEG_OK)
        return fail(a, "why", status);
    bool good = (root.member != 0) == member;
    if (!good)
        model_addf(a->why, "why: user %zu is %d at %" PRId64, user, (int)root.member, now);
    a->w->why_kinds[root.next_kind]++;
    if (!good || root.next_kind == SEG_WHY_NEXT_POPULATION || root.next_kind == SEG_WHY_NEXT_OPEN)
        return good;
    bool changes = root.next_kind == SEG_WHY_NEXT_AT;
    int64_t last = changes ? root.next - 1 : horizon;
    for (int k = 0; good && k < 3 && last > now; k++)
        good = member_at(a, user, now, now + 1 + (int64_t)rng_below(&a->r, (uint64_t)(last - now)),
                         member);
    good = good && member_at(a, user, now, last, member);
    return good && (!changes || member_at(a, user, now, root.next, !member));
}

/* At the probe's instant, and at others while things happen. */
static bool check_why(asking *a)
{
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    seg_status status = seg_snapshot_get_info(a->snapshot, &info, &a->err);
    if (status != SEG_OK)
        return fail(a, "info", status);
    uint64_t span = (uint64_t)info.time_max - (uint64_t)info.time_min + 1;
    for (int k = 0; k < 4; k++) {
        int64_t now = k == 0 || span > (uint64_t)1 << 60
                          ? a->probe->now
                          : info.time_min + (int64_t)rng_below(&a->r, span);
        if (!check_why_of(a, rng_below(&a->r, a->w->feed->user_count), now))
            return false;
    }
    return true;
}

static bool check_not(asking *a)
{
    model_text text = {NULL, 0, 0};
    model_node *root = a->probe->segment.root;
    model_node not_root = {0};
    model_segment segment = a->probe->segment;
    seg_segment *compiled = NULL;
    seg_set *set = NULL;
    size_t n = a->w->feed->user_count;
    uint8_t *others = model_alloc(a->arena, n + 1);
    not_root.kind = MODEL_NOT;
    not_root.child_count = 1;
    not_root.children = &root;
    segment.root = &not_root;
    model_print_segment(&a->w->feed->schema, a->w->catalog, &segment, NULL, &text);
    seg_status status =
        seg_segment_compile(a->w->store.store, text.data, text.size, 0, &compiled, &a->err);
    if (status == SEG_OK)
        status = evaluate(a, compiled, 1, NULL, &set);
    bool good = status == SEG_OK || fail(a, "not", status);
    for (size_t i = 0; i < n; i++)
        others[i] = model_exists(a->model, i, a->probe->now) && !a->expected[i];
    good = good && same_members(a, "not", set, others);
    model_text_free(&text);
    seg_segment_release(compiled);
    seg_set_release(set);
    return good;
}

static bool is_leaf(const model_node *node)
{
    return node->kind == MODEL_COMPARE || node->kind == MODEL_IN;
}

/* True: go on with the comparisons. *good is the verdict so far. */
static bool first_answer(asking *a, bool overflow, bool *good)
{
    seg_status status = evaluate(a, a->segment, 1, NULL, &a->set);
    *good = true;
    if (overflow) {
        /* A shortcut may leave out those whose sum does not fit. */
        if (status == SEG_OK && is_leaf(a->probe->segment.root)) {
            model_addf(a->why, "evaluate: should be SEG_E_OVERFLOW");
            *good = false;
        } else if (status != SEG_OK && status != SEG_E_OVERFLOW) {
            *good = fail(a, "evaluate", status);
        }
        return false;
    }
    if (status != SEG_OK)
        *good = fail(a, "evaluate", status);
    else
        *good = same_members(a, "evaluate", a->set, a->expected);
    return *good;
}

bool world_check(world *w, const world_probe *probe, model_arena *arena, verdict *out,
                 model_text *why)
{
    asking *a = model_alloc(arena, sizeof(*a));
    seg_error init = SEG_ERROR_INIT;
    uint32_t checks = probe->checks;
    bool overflow = false, good;
    a->w = w;
    a->probe = probe;
    a->model = world_model(w, probe->commit);
    a->snapshot = w->store.snapshots[probe->commit];
    a->arena = arena;
    a->why = why;
    a->err = init;
    a->r.state = probe->style + 77;
    a->expected = model_alloc(arena, w->feed->user_count + 1);
    a->actual = model_alloc(arena, w->feed->user_count + 1);
    memset(out, 0, sizeof(*out));
    model_evaluate(a->model, w->catalog, &probe->segment, probe->now, a->expected, &overflow);
    for (size_t i = 0; i < w->feed->user_count; i++) {
        out->members += a->expected[i];
        out->universe += model_exists(a->model, i, probe->now);
    }
    good = compile(a);
    if (good && first_answer(a, overflow, &good)) {
        good = good && (!(checks & CHECK_THREADS) || check_threads(a));
        good = good && (!(checks & CHECK_COUNT) || check_count(a));
        good = good && (!(checks & CHECK_CURSOR) || cursor_order(a, a->set, a->expected));
        good = good && (!(checks & CHECK_AMONG) || check_among(a));
        good = good && (!(checks & CHECK_SINGLE) || check_single(a));
        good = good && (!(checks & CHECK_WHY) || check_why(a));
        good = good && (!(checks & CHECK_CANONICAL) ||
                        (check_canonical(a, false) && check_canonical(a, true)));
        good = good &&
               (!(checks & CHECK_NOT) || probe->segment.root->kind == MODEL_EXCEPT || check_not(a));
    }
    world_current = NULL;
    model_text_free(&a->text);
    out->overflow = overflow;
    out->segment = a->segment;
    out->set = a->set;
    out->expected = a->expected;
    out->actual = a->actual;
    return good;
}

/* ---- values ---- */

static bool same_text(const seg_column *view, uint64_t from, uint64_t to, model_string text)
{
    const char *bytes = view->values;
    return to - from == text.size &&
           (text.size == 0 || memcmp(bytes + from, text.data, text.size) == 0);
}

static bool same_set(const seg_column *view, uint64_t row, const model_value *value)
{
    uint64_t from = view->lists[row], to = view->lists[row + 1], found = 0;
    for (uint64_t k = from; k < to; k++) {
        for (size_t i = 0; i < value->element_count; i++)
            found += same_text(view, view->offsets[k], view->offsets[k + 1], value->elements[i]);
    }
    return to - from == value->element_count && found == to - from;
}

static bool same_row(const seg_column *view, uint64_t row, const model_value *value)
{
    switch (view->type) {
    case SEG_TYPE_BOOL: return ((const uint8_t *)view->values)[row] == value->i;
    case SEG_TYPE_FLOAT64:
        return memcmp(&((const double *)view->values)[row], &value->f, sizeof(double)) == 0;
    case SEG_TYPE_DATE: return ((const int32_t *)view->values)[row] == value->i;
    case SEG_TYPE_GEO: {
        const double *pair = (const double *)view->values + 2 * row;
        double lat = (double)value->i / 1e7, lon = (double)value->j / 1e7;
        return pair[0] - lat < 1e-8 && lat - pair[0] < 1e-8 && pair[1] - lon < 1e-8 &&
               lon - pair[1] < 1e-8;
    }
    case SEG_TYPE_STRING:
        return same_text(view, view->offsets[row], view->offsets[row + 1], value->text);
    case SEG_TYPE_STRING_SET: return same_set(view, row, value);
    default:
        return ((const int64_t *)view->values)[row] == value->i &&
               (view->type != SEG_TYPE_DECIMAL || view->scale == value->scale);
    }
}

static bool compare_column(asking *a, const model_node *node, const seg_column *view,
                           const model_value *values)
{
    const model *twin = a->model;
    for (size_t at = 0; at < twin->order_count; at++) {
        const model_value *value = &values[twin->order[at]];
        bool set = view->states[at] == SEG_VALUE_SET;
        bool good = set == (value->state == SEG_VALUE_SET);
        if (node->kind == MODEL_ATTRIBUTE)
            good = view->states[at] == value->state;
        if (good && set)
            good = view->type == value->type && same_row(view, at, value);
        if (good)
            continue;
        model_addf(a->why, "value of user %u should be ", twin->order[at]);
        model_dump_value(a->why, value);
        model_addf(a->why, "; state %u, type %d", (unsigned)view->states[at], (int)view->type);
        if (set && view->type == SEG_TYPE_FLOAT64)
            model_addf(a->why, ", is %.17g", ((const double *)view->values)[at]);
        if (set && (view->type == SEG_TYPE_INT64 || view->type == SEG_TYPE_DECIMAL))
            model_addf(a->why, ", is %" PRId64, ((const int64_t *)view->values)[at]);
        model_addf(a->why, "\n");
        feed_dump_user(a->w->feed, twin->order[at], a->why);
        return false;
    }
    return true;
}

static bool value_answer(asking *a, const model_node *node, const seg_value *value,
                         const model_value *values, bool overflow)
{
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    seg_value_column *column = NULL;
    seg_column view = SEG_COLUMN_INIT;
    uint64_t rows = 0;
    options.threads = a->r.state % 2 == 0 ? 1 : a->w->threads;
    seg_status status = seg_set_everyone(a->snapshot, &a->set, &a->err);
    if (status == SEG_OK)
        status = seg_value_evaluate(value, a->set, a->probe->now, &options, &column, &a->err);
    if (overflow && status == SEG_E_OVERFLOW)
        return true;
    if (status == SEG_OK)
        status = seg_value_column_get(column, &view, &rows, &a->err);
    bool good = status == SEG_OK || fail(a, "value", status);
    if (good && overflow) {
        model_addf(a->why, "value: should be SEG_E_OVERFLOW");
        good = false;
    }
    if (good && rows != a->model->order_count) {
        model_addf(a->why, "value: %" PRIu64 " rows, should be %zu", rows, a->model->order_count);
        good = false;
    }
    good = good && compare_column(a, node, &view, values);
    seg_value_column_destroy(column);
    return good;
}

bool world_check_value(world *w, const model_node *node, const world_probe *probe, model_text *why)
{
    asking *a = calloc(1, sizeof(*a));
    model_value *values = calloc(w->feed->user_count + 1, sizeof(*values));
    seg_error init = SEG_ERROR_INIT;
    seg_value *value = NULL;
    bool overflow = false;
    if (a == NULL || values == NULL)
        exit(2);
    a->w = w;
    a->probe = probe;
    a->model = world_model(w, probe->commit);
    a->snapshot = w->store.snapshots[probe->commit];
    a->why = why;
    a->err = init;
    a->r.state = probe->style;
    model_evaluate_value(a->model, w->catalog, node, probe->now, values, &overflow);
    model_print_value(&w->feed->schema, node, NULL, &a->text);
    world_current = a->text.data;
    seg_status status =
        seg_value_compile(w->store.store, a->text.data, a->text.size, 0, &value, &a->err);
    bool good = status == SEG_OK || fail(a, "compile value", status);
    good = good && value_answer(a, node, value, values, overflow);
    if (!good) {
        model_addf(why, "\n  value: ");
        model_add(why, a->text.data, a->text.size);
    }
    seg_set_release(a->set);
    seg_value_release(value);
    world_current = NULL;
    model_text_free(&a->text);
    free(values);
    free(a);
    return good;
}
