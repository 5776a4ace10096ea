/* api_why.c - the functions of seg/why.h.
 *
 * The tree of conditions comes ready from the room `why`; these functions read it out node by
 * node. */
#include <string.h>

#include "api/api_int.h"
#include "base/civil.h"
#include "why/why.h"

#define HORIZON_DEFAULT (400 * SEGI_DAY)
#define HORIZON_MAX (3653 * SEGI_DAY) /* ten years */
#define EVENTS_DEFAULT 5u

struct seg_why {
    seg_snapshot *snapshot; /* retained: names of events are its */
    segi_why *why;
};

void seg_why_options_init(seg_why_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

/* What is left open: 400 days ahead, and five of the deciding events. */
static seg_status read_options(const seg_why_options *options, int64_t now,
                               segi_why_request *request, seg_error *err)
{
    seg_why_options own;
    SEGI_TRY(
        segi_options_read(&own, sizeof own, options, SEGI_API_OPTIONS_MIN, "seg_why_options", err));
    SEGI_CHECK_ARG((own.flags & ~SEG_WHY_VERDICTS_ONLY) == 0, err,
                   "the why options have unknown flags");
    SEGI_CHECK_ARG(own.reserved == 0, err, "a reserved field of the why options is not 0");
    SEGI_CHECK_ARG(own.horizon_us >= 0 && own.horizon_us <= HORIZON_MAX, err,
                   "horizon_us lies within 0 and ten years");
    SEGI_CHECK_ARG(own.events_max <= SEG_WHY_EVENTS_MAX, err, "events_max is above 1000");
    int64_t length = own.horizon_us == 0 ? HORIZON_DEFAULT : own.horizon_us;
    request->horizon = now > SEG_TIME_MAX - length ? SEG_TIME_MAX : now + length;
    request->events_max = own.events_max == 0 ? EVENTS_DEFAULT : own.events_max;
    request->only_verdicts = (own.flags & SEG_WHY_VERDICTS_ONLY) != 0;
    return SEG_OK;
}

/* Evaluated at once; what is read out later needs no store any more but for names. */
static seg_status why_create(const seg_segment *segment, seg_snapshot *snapshot, uint32_t ordinal,
                             int64_t now, const seg_why_options *options, seg_why **out,
                             seg_error *err)
{
    segi_why_request request;
    memset(&request, 0, sizeof request);
    SEGI_TRY(segi_api_segment_request(segment, snapshot, now, NULL, &request.run, err));
    SEGI_TRY(read_options(options, now, &request, err));
    if (ordinal == UINT32_MAX)
        return segi_fail(err, SEG_E_NOT_FOUND, "the snapshot knows no customer of that id");
    request.predicate = segment->predicate;
    request.ordinal = ordinal;
    const segi_mem *mem = &segment->store->mem;
    seg_why *why = segi_alloc_zero(mem, sizeof *why);
    if (why == NULL)
        return segi_fail_nomem(err);
    seg_status status = segi_why_create(mem, &request, &why->why, err);
    if (status != SEG_OK) {
        segi_free(mem, why);
        return status;
    }
    seg_snapshot_retain(snapshot);
    why->snapshot = snapshot;
    *out = why;
    return SEG_OK;
}

seg_status seg_segment_why(const seg_segment *segment, seg_snapshot *snapshot, const char *user,
                           size_t user_size, int64_t now, const seg_why_options *options,
                           seg_why **out_why, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_why != NULL, err, "out_why is NULL");
    *out_why = NULL;
    uint32_t ordinal;
    SEGI_TRY(segi_api_ordinal(snapshot, user, user_size, &ordinal, err));
    return why_create(segment, snapshot, ordinal, now, options, out_why, err);
}

seg_status seg_segment_why_u64(const seg_segment *segment, seg_snapshot *snapshot, uint64_t user,
                               int64_t now, const seg_why_options *options, seg_why **out_why,
                               seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_why != NULL, err, "out_why is NULL");
    *out_why = NULL;
    uint32_t ordinal;
    SEGI_TRY(segi_api_ordinal_u64(snapshot, user, &ordinal, err));
    return why_create(segment, snapshot, ordinal, now, options, out_why, err);
}

void seg_why_destroy(seg_why *why)
{
    if (why == NULL)
        return;
    seg_snapshot *snapshot = why->snapshot;
    segi_why_destroy(why->why);
    segi_free(&snapshot->store->mem, why);
    seg_snapshot_release(snapshot);
}

int64_t seg_why_horizon(const seg_why *why)
{
    return why == NULL ? 0 : why->why->horizon;
}

uint64_t seg_why_node_count(const seg_why *why)
{
    return why == NULL ? 0 : why->why->count;
}

/* In the public constants. */
static uint32_t next_kind(segi_next next)
{
    switch (next.kind) {
    case SEGI_NEXT_KNOWN:
        return next.instant == SEGI_NEXT_NEVER ? SEG_WHY_NEXT_NONE : SEG_WHY_NEXT_AT;
    case SEGI_NEXT_POPULATION: return SEG_WHY_NEXT_POPULATION;
    case SEGI_NEXT_OPEN: break;
    }
    return SEG_WHY_NEXT_OPEN;
}

seg_status seg_why_node_at(const seg_why *why, uint64_t index, seg_why_node *out_node,
                           seg_error *err)
{
    seg_why_node node = {.struct_size = (uint32_t)sizeof node};
    segi_api_begin(err);
    SEGI_TRY(segi_options_write(out_node, &node, sizeof node, "seg_why_node", err));
    SEGI_CHECK_ARG(why != NULL, err, "why is NULL");
    SEGI_CHECK_ARG(index < why->why->count, err, "there is no condition of that index");
    const segi_why_node *own = &why->why->nodes[index];
    node.depth = own->depth;
    node.parent = own->parent == UINT32_MAX ? UINT64_MAX : own->parent;
    node.member = own->member ? 1 : 0;
    node.next_kind = next_kind(own->next);
    node.next = node.next_kind == SEG_WHY_NEXT_AT ? own->next.instant : 0;
    node.text = own->text;
    node.value = own->value != NULL ? own->value : "";
    node.threshold = own->threshold != NULL ? own->threshold : "";
    node.event_count = own->event_count;
    node.shown_count = own->shown_count;
    return segi_options_write(out_node, &node, sizeof node, "seg_why_node", err);
}

seg_status seg_why_event_at(const seg_why *why, uint64_t node, uint64_t index,
                            seg_why_event *out_event, seg_error *err)
{
    seg_why_event event = {.struct_size = (uint32_t)sizeof event};
    segi_api_begin(err);
    SEGI_TRY(segi_options_write(out_event, &event, sizeof event, "seg_why_event", err));
    SEGI_CHECK_ARG(why != NULL, err, "why is NULL");
    SEGI_CHECK_ARG(node < why->why->count, err, "there is no condition of that index");
    SEGI_CHECK_ARG(index < why->why->nodes[node].shown_count, err,
                   "there is no event of that index");
    const segi_why_event *own = &why->why->nodes[node].shown[index];
    event.time = own->time;
    event.type = own->type;
    event.type_size = own->type_size;
    return segi_options_write(out_event, &event, sizeof event, "seg_why_event", err);
}
