/* checker.c - what all files of the checker stand on: failures and warnings with their place,
 * memory of the tree, nodes, and the count of levels. No construct of the language is known
 * here. */
#include "lang/checker.h"

#include <string.h>

/* The second half of segi_check_fail(): only the first failure has a place. */
void *segi_check_failed(segi_check *k, uint32_t begin, uint32_t size, seg_status status)
{
    if (status == SEG_OK || k->c->status != SEG_OK)
        return NULL;
    k->c->status = status;
    segi_error_span(k->c->err, begin, size);
    return NULL;
}

void *segi_check_nomem(segi_check *k)
{
    if (k->c->status == SEG_OK)
        k->c->status = segi_fail_nomem(k->c->err);
    return NULL;
}

/* Room for all of them is taken at the first: a warning handed out stays where it is. */
seg_error *segi_check_warning(segi_check *k)
{
    segi_compiling *c = k->c;
    if (c->warning_count == SEGI_WARNINGS_MAX)
        return NULL;
    if (c->warnings == NULL) {
        c->warnings =
            segi_arena_array(&c->predicate->arena, SEGI_WARNINGS_MAX, sizeof *c->warnings);
        if (c->warnings == NULL)
            return segi_check_nomem(k);
    }
    seg_error *warning = &c->warnings[c->warning_count++];
    seg_error_init(warning, sizeof *warning);
    return warning;
}

/* What is read several times, as the events of an rfm, is warned of once. */
static void drop_repeated(segi_compiling *c)
{
    const seg_error *last = &c->warnings[c->warning_count - 1];
    for (uint32_t i = 0; i + 1 < c->warning_count; i++) {
        const seg_error *before = &c->warnings[i];
        if (before->offset == last->offset && before->length == last->length &&
            strcmp(before->message, last->message) == 0) {
            c->warning_count--;
            return;
        }
    }
}

/* A remark about a saved segment has no place in the text that is compiled; it names the segment
 * instead. */
void segi_check_warned(segi_check *k, seg_error *warning, uint32_t begin, uint32_t size)
{
    if (k->reference == NULL) {
        segi_error_span(warning, begin, size);
        segi_error_locate(warning, k->text, k->text_size);
        drop_repeated(k->c);
        return;
    }
    seg_error inner = *warning;
    segi_fail(warning, inner.code, "segment \"%.*s\": %s", (int)k->reference->name_size,
              k->reference->name, inner.message);
}

/* Zeroed, in the arena of the tree. */
void *segi_check_alloc(segi_check *k, size_t count, size_t size)
{
    if (k->c->status != SEG_OK)
        return NULL;
    void *pointer = segi_arena_array(k->c->arena, count, size);
    return pointer == NULL ? segi_check_nomem(k) : pointer;
}

/* All fields zero but kind and place. */
segi_node *segi_check_node(segi_check *k, segi_node_kind kind, const segi_syn *syn)
{
    segi_node *node = segi_check_alloc(k, 1, sizeof *node);
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->span_begin = syn->begin;
    node->span_size = syn->size;
    return node;
}

bool segi_check_children(segi_check *k, segi_node *node, const segi_node *a, const segi_node *b,
                         const segi_node *c)
{
    const segi_node **children = segi_check_alloc(k, 3, sizeof *children);
    if (children == NULL)
        return false;
    children[0] = a;
    children[1] = b;
    children[2] = c;
    node->children = children;
    node->child_count = c != NULL ? 3 : b != NULL ? 2 : 1;
    return true;
}

bool segi_check_enter(segi_check *k, const segi_syn *syn)
{
    if (k->c->status != SEG_OK)
        return false;
    if (k->c->levels == SEGI_LEVELS_MAX) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_LIMIT,
                        "conditions and saved segments are nested too deep");
        return false;
    }
    k->c->levels++;
    return true;
}

void segi_check_leave(segi_check *k)
{
    k->c->levels--;
}

segi_value_type segi_type_of(seg_type type)
{
    return (segi_value_type){type, 0};
}

/* With its article, so that it can stand behind "this is". */
const char *segi_value_type_name(segi_value_type type)
{
    if (type.type == SEGI_TYPE_DURATION)
        return "a length of time";
    switch (type.type) {
    case SEG_TYPE_BOOL: return "true or false";
    case SEG_TYPE_INT64: return "a whole number";
    case SEG_TYPE_FLOAT64:
    case SEG_TYPE_DECIMAL: return "a number";
    case SEG_TYPE_STRING: return "a text";
    case SEG_TYPE_TIMESTAMP: return "an instant";
    case SEG_TYPE_DATE: return "a date";
    case SEG_TYPE_GEO: return "a place";
    case SEG_TYPE_STRING_SET: return "a set of texts";
    default: return "not known yet";
    }
}
