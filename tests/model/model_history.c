/* model_history.c - what an attribute was: its value at an instant, and all else by asking for the
 * value at several of them. */
#include "model.h"

model_value model_past_value(const model_user *user, size_t column, int64_t instant)
{
    model_value value = model_undefined();
    for (size_t i = 0; i < user->past_count; i++) {
        const model_past *past = &user->past[i];
        if (past->column == column && past->time <= instant)
            value = past->value;
    }
    return value;
}

int64_t model_as_of(const model_window *window, const model_zone *zone, int64_t now)
{
    int64_t then = now;
    if (window->kind == MODEL_W_OLDER)
        then = model_shift(now, window->length, -1, zone);
    if (window->kind == MODEL_W_AS_OF) {
        model_moment moment = window->from;
        moment.value += moment.kind == MODEL_M_DATE;
        then = model_moment_instant(moment, zone) - (moment.kind == MODEL_M_DATE);
    }
    return then < now ? then : now;
}

static bool same(const model_value *a, const model_value *b)
{
    if (a->state != b->state || a->state != SEG_VALUE_SET)
        return a->state == b->state;
    return model_compare(a, b) == 0;
}

/* At the beginning of the time, and wherever something was set in it. */
bool model_has_been(const model_user *user, const model_node *node, const model_zone *zone,
                    int64_t now)
{
    size_t column = node->children[0]->column;
    int64_t begin = model_shift(now, node->shift, -1, zone);
    model_value value = model_past_value(user, column, begin);
    bool held = same(&value, &node->past_to);
    for (size_t i = 0; i < user->past_count; i++) {
        int64_t time = user->past[i].time;
        if (time <= begin || time > now)
            continue;
        value = model_past_value(user, column, time);
        held = held && same(&value, &node->past_to);
    }
    return held;
}

/* Is there an instant with another value than the one before it? */
bool model_changed(const model_user *user, const model_node *node, int64_t begin, int64_t end)
{
    size_t column = node->children[0]->column;
    for (size_t i = 0; i < user->past_count; i++) {
        int64_t time = user->past[i].time;
        if (time < begin || time >= end)
            continue;
        model_value before = model_past_value(user, column, time - 1);
        model_value behind = model_past_value(user, column, time);
        if (before.state != SEG_VALUE_ABSENT && !same(&before, &behind) &&
            (!node->has_from || same(&before, &node->past_from)) &&
            (!node->has_to || same(&behind, &node->past_to)))
            return true;
    }
    return false;
}
