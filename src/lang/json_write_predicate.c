/* json_write_predicate.c - the JSON form of predicates. */
#include "lang/json_write.h"

/* Also at_least, which has a count. */
static void write_row(segi_json_out *w, const segi_syn *syn, const char *type)
{
    segi_json_out_open(w, '{');
    if (syn->kind == SEGI_SYN_AT_LEAST)
        segi_json_out_number(w, "count", syn->u.number);
    segi_json_out_key(w, "of");
    segi_json_out_open(w, '[');
    for (const segi_syn *kid = syn->kids; kid != NULL; kid = kid->next) {
        segi_json_out_comma(w);
        segi_json_out_predicate(w, kid);
        w->comma = true;
    }
    segi_json_out_close(w, ']');
    segi_json_out_word(w, "type", type);
    segi_json_out_close(w, '}');
}

/* did, first, last, nth */
static void write_behaviour(segi_json_out *w, const segi_syn *syn)
{
    static const char *const edges[] = {"first", "last", "nth"};
    const segi_syn_behaviour *behaviour = syn->u.behaviour;
    bool did = syn->kind == SEGI_SYN_DID;
    segi_json_out_open(w, '{');
    segi_json_out_true(w, "negated", syn->negated);
    if (!did && behaviour->which == SEGI_NTH)
        segi_json_out_int(w, "nth", behaviour->nth);
    segi_json_out_selector(w, "select", behaviour->selector);
    segi_json_out_bound(w, "times", behaviour->bound);
    segi_json_out_word(w, "type", did ? "did" : edges[behaviour->which]);
    segi_json_out_window(w, behaviour->window, !did);
    segi_json_out_close(w, '}');
}

/* The elements, or the one parameter that stands for all of them. */
static void write_list(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_key(w, "list");
    if (syn->list_param != NULL) {
        segi_json_out_param(w, syn->list_param);
        return;
    }
    segi_json_out_open(w, '[');
    for (const segi_syn *item = syn->kids->next; item != NULL; item = item->next) {
        segi_json_out_comma(w);
        segi_json_out_value(w, item);
        w->comma = true;
    }
    segi_json_out_close(w, ']');
}

/* The end of a test: "type" and "value" are its last keys. */
static void close_test(segi_json_out *w, const char *type, const segi_syn *value)
{
    segi_json_out_word(w, "type", type);
    segi_json_out_key(w, "value");
    segi_json_out_value(w, value);
    segi_json_out_close(w, '}');
}

static void write_between(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "high");
    segi_json_out_value(w, syn->kids->next->next);
    segi_json_out_key(w, "low");
    segi_json_out_value(w, syn->kids->next);
    close_test(w, "between", syn->kids);
}

/* in top or bottom, by count or by percentage. */
static void write_rank(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    if (syn->kids->next != NULL) {
        segi_json_out_key(w, "among");
        segi_json_out_predicate(w, syn->kids->next);
    }
    if (!syn->percent)
        segi_json_out_number(w, "count", syn->u.number);
    segi_json_out_word(w, "end", syn->bottom ? "bottom" : "top");
    if (syn->percent && syn->u.number.param != NULL) {
        segi_json_out_number(w, "percent", syn->u.number);
    } else if (syn->percent) {
        segi_json_out_key(w, "percent");
        segi_json_out_percent(w, syn->u.number.value);
    }
    close_test(w, "rank", syn->kids);
}

static void write_text_test(segi_json_out *w, const segi_syn *syn)
{
    static const char *const tests[] = {"contains", "starts_with", "ends_with", "matches"};
    segi_json_out_open(w, '{');
    segi_json_out_true(w, "ignore_case", syn->fold);
    segi_json_out_key(w, "pattern");
    segi_json_out_value(w, syn->kids->next);
    segi_json_out_word(w, "test", tests[syn->op]);
    close_test(w, "text", syn->kids);
}

/* [latitude, longitude] */
static void write_point(segi_json_out *w, segi_point point)
{
    segi_json_out_comma(w);
    segi_json_out_open(w, '[');
    segi_json_out_float(w, point.latitude);
    segi_buf_char(w->out, ',');
    segi_json_out_float(w, point.longitude);
    segi_json_out_close(w, ']');
}

/* A circle, or the rings of a polygon without their repeated last corner. */
static void write_geo(segi_json_out *w, const segi_syn *syn)
{
    const segi_syn_geo *geo = syn->u.geo;
    segi_json_out_open(w, '{');
    if (syn->kind == SEGI_SYN_RADIUS) {
        segi_json_out_key(w, "meters");
        segi_json_out_float(w, geo->meters);
        segi_json_out_key(w, "point");
        w->comma = false;
        write_point(w, geo->point);
        close_test(w, "radius", syn->kids);
        return;
    }
    segi_json_out_key(w, "rings");
    segi_json_out_open(w, '[');
    for (uint32_t i = 0; i < geo->ring_count; i++) {
        segi_json_out_comma(w);
        segi_json_out_open(w, '[');
        for (uint32_t j = 0; j < geo->rings[i].count; j++)
            write_point(w, geo->rings[i].points[j]);
        segi_json_out_close(w, ']');
    }
    segi_json_out_close(w, ']');
    close_test(w, "polygon", syn->kids);
}

/* state, has, in: a value beside words or a list. */
static void write_choice(segi_json_out *w, const segi_syn *syn)
{
    static const char *const states[] = {"set", "null", "absent"};
    static const char *const matches[] = {"any", "all", "none", "exactly"};
    segi_json_out_open(w, '{');
    if (syn->kind == SEGI_SYN_STATE)
        segi_json_out_word(w, "is", states[syn->op]);
    else
        write_list(w, syn);
    if (syn->kind == SEGI_SYN_HAS && syn->op != SEGI_HAS_ANY)
        segi_json_out_word(w, "match", matches[syn->op]);
    segi_json_out_true(w, "negated", syn->negated);
    close_test(w,
               syn->kind == SEGI_SYN_STATE ? "state"
               : syn->kind == SEGI_SYN_HAS ? "has"
                                           : "in",
               syn->kids);
}

/* A value and the span that it is asked to lie in. */
static void write_time(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    segi_json_out_word(w, "type", "when");
    segi_json_out_key(w, "value");
    segi_json_out_value(w, syn->kids);
    segi_json_out_window(w, syn->u.window, true);
    segi_json_out_close(w, '}');
}

static void write_not(segi_json_out *w, const segi_syn *syn)
{
    /* Two nots: a value that they made a predicate, or nothing. Canonical text has none. */
    if (syn->negated) {
        segi_json_out_predicate(w, syn->kids);
        return;
    }
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "expr");
    segi_json_out_predicate(w, syn->kids);
    segi_json_out_word(w, "type", "not");
    segi_json_out_close(w, '}');
}

/* By name, or by a parameter. */
static void write_segment(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "name");
    segi_json_out_value(w, syn->kids);
    segi_json_out_word(w, "type", "in_segment");
    segi_json_out_close(w, '}');
}

/* A holdout is a share that begins at 0. */
static void write_split(segi_json_out *w, const segi_split *split)
{
    segi_json_out_open(w, '{');
    if (!split->holdout) {
        segi_json_out_key(w, "from");
        segi_json_out_percent(w, split->low);
    }
    segi_json_out_text(w, "name", split->seed.text, split->seed.size);
    segi_json_out_key(w, split->holdout ? "share" : "to");
    segi_json_out_percent(w, split->high);
    segi_json_out_word(w, "type", split->holdout ? "holdout" : "split");
    segi_json_out_close(w, '}');
}

/* An object of nothing but its type. */
static void write_constant(segi_json_out *w, const char *type)
{
    segi_json_out_open(w, '{');
    segi_json_out_word(w, "type", type);
    segi_json_out_close(w, '}');
}

void segi_json_out_predicate(segi_json_out *w, const segi_syn *syn)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    switch (syn->kind) {
    case SEGI_SYN_EVERYONE: write_constant(w, "everyone"); break;
    case SEGI_SYN_NOBODY: write_constant(w, "nobody"); break;
    case SEGI_SYN_NOT: write_not(w, syn); break;
    case SEGI_SYN_AND: write_row(w, syn, "all"); break;
    case SEGI_SYN_OR: write_row(w, syn, "any"); break;
    case SEGI_SYN_XOR: write_row(w, syn, "xor"); break;
    case SEGI_SYN_AT_LEAST: write_row(w, syn, "at_least"); break;
    case SEGI_SYN_DID:
    case SEGI_SYN_EDGE: write_behaviour(w, syn); break;
    case SEGI_SYN_SEGMENT: write_segment(w, syn); break;
    case SEGI_SYN_COMPARE: segi_json_out_two(w, syn, signs[syn->op], "compare"); break;
    case SEGI_SYN_BETWEEN: write_between(w, syn); break;
    case SEGI_SYN_RANK: write_rank(w, syn); break;
    case SEGI_SYN_IN:
    case SEGI_SYN_STATE:
    case SEGI_SYN_HAS: write_choice(w, syn); break;
    case SEGI_SYN_TEXT: write_text_test(w, syn); break;
    case SEGI_SYN_RADIUS:
    case SEGI_SYN_POLYGON: write_geo(w, syn); break;
    case SEGI_SYN_TIME: write_time(w, syn); break;
    case SEGI_SYN_HELD:
    case SEGI_SYN_CHANGED: segi_json_out_history(w, syn); break;
    case SEGI_SYN_SPLIT: write_split(w, syn->u.split); break;
    case SEGI_SYN_CLASS: break; /* a definition, which has no such form */
    case SEGI_SYN_SEQUENCE: segi_json_out_sequence(w, syn); break;
    case SEGI_SYN_LIFECYCLE: break; /* canonical text says it by did, first and last */
    case SEGI_SYN_NUMBER:
    case SEGI_SYN_BOOL:
    case SEGI_SYN_STRING:
    case SEGI_SYN_MOMENT:
    case SEGI_SYN_DURATION:
    case SEGI_SYN_NOW:
    case SEGI_SYN_PARAM:
    case SEGI_SYN_NAME:
    case SEGI_SYN_AS_OF:
    case SEGI_SYN_BUILTIN:
    case SEGI_SYN_AGGREGATE:
    case SEGI_SYN_ARITH:
    case SEGI_SYN_NEGATE:
    case SEGI_SYN_SIZE:
    case SEGI_SYN_FIGURE:
    case SEGI_SYN_ANNIVERSARY:
    case SEGI_SYN_RFM:
    case SEGI_SYN_SCORE: segi_json_out_one(w, "is_true", syn); break;
    }
}
