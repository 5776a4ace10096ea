/* gen_history.c - random questions about what attributes were. */
#include "gen.h"

static const model_column *column_of(const gen *g, size_t index)
{
    return &g->feed->schema.attributes[index];
}

/* A random attribute with a history; SIZE_MAX if there is none. */
static size_t some_history(gen *g)
{
    size_t count = g->feed->schema.attribute_count, start = rng_below(&g->r, count);
    for (size_t i = 0; i < count; i++) {
        size_t at = (start + i) % count;
        if (column_of(g, at)->history)
            return at;
    }
    return SIZE_MAX;
}

void gen_as_of(gen *g, model_node *attribute)
{
    if (!column_of(g, attribute->column)->history || !rng_chance(&g->r, 35))
        return;
    attribute->window.kind = rng_chance(&g->r, 50) ? MODEL_W_OLDER : MODEL_W_AS_OF;
    attribute->window.length = gen_span(g);
    attribute->window.from = gen_moment(g);
}

static model_value some_state(gen *g, const model_column *column)
{
    model_value value = model_undefined();
    if (rng_chance(&g->r, 15)) {
        value.state = SEG_VALUE_NULL;
        return value;
    }
    return model_is_number(column->type) ? gen_number(g, column)
                                         : feed_value(g->feed, &g->r, column);
}

model_node *gen_history(gen *g)
{
    size_t index = some_history(g);
    if (index == SIZE_MAX)
        return NULL;
    const model_column *column = column_of(g, index);
    model_node *attribute = gen_node(g, MODEL_ATTRIBUTE);
    attribute->column = index;
    bool place = column->type == SEG_TYPE_GEO; /* no literal stands for one */
    bool held = !place && rng_chance(&g->r, 45);
    model_node *node = gen_join(g, held ? MODEL_HELD : MODEL_CHANGED, 1, &attribute);
    node->shift = gen_span(g);
    node->has_from = !place && rng_chance(&g->r, 40);
    node->has_to = held || (!place && rng_chance(&g->r, 40));
    node->past_from = some_state(g, column);
    node->past_to = some_state(g, column);
    do
        node->window = gen_window(g);
    while (node->window.kind == MODEL_W_OCCASION);
    return node;
}
