/* fuzz/fuzz_text.c - any bytes as predicate text: no crash, and whatever compiles prints to a text
 * that compiles to an equal tree and prints the same, and so does its JSON form. */
#include "unit/lang/lang_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const segi_schema *schema;

static segi_predicate *compile(const char *text, size_t size, seg_status *status)
{
    segi_predicate *p;
    seg_error err = SEG_ERROR_INIT;
    *status = lang_compile_with(NULL, schema, text, size, SEG_COMPILE_OPEN, &p, &err);
    if ((*status == SEG_OK) != (p != NULL) || (*status != SEG_OK && err.message[0] == '\0') ||
        err.offset > (int64_t)size)
        abort();
    return p;
}

static void ignore_name(void *user, segi_definition kind, const char *name, size_t size)
{
    (void)kind;
    (void)name;
    *(size_t *)user += size;
}

/* What compiles can be said in SQL, or is refused with a place in the text. */
static void ask_sql(const segi_predicate *p)
{
    for (uint32_t dialect = SEG_SQL_DUCKDB; dialect <= SEG_SQL_CLICKHOUSE && p->param_count == 0;
         dialect++) {
        segi_sql_target target = {dialect, INT64_C(1767225600000000), "users", "events"};
        seg_error err = SEG_ERROR_INIT;
        segi_buf out;
        segi_buf_init(&out, segi_mem_default());
        seg_status status = segi_predicate_sql(p, segi_mem_default(), &target, &out, &err);
        bool known = status == SEG_OK || status == SEG_E_DIALECT || status == SEG_E_LIMIT;
        if (!known || (status == SEG_OK) != (err.message[0] == '\0') ||
            err.offset > (int64_t)p->text_size)
            abort();
        segi_buf_deinit(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (schema == NULL)
        schema = lang_schema(segi_mem_default());
    const char *text = (const char *)data;
    size_t names = 0;
    (void)segi_text_references(segi_mem_default(), text, size, ignore_name, &names, NULL);
    segi_source source = {
        .schema = schema, .text = text, .text_size = size, .flags = SEG_COMPILE_OPEN};
    segi_predicate *other;
    for (source.goal = SEGI_GOAL_VALUE; source.goal <= SEGI_GOAL_CLASS; source.goal++) {
        if (segi_compile(segi_mem_default(), &source, NULL, &other, NULL) == SEG_OK)
            segi_predicate_destroy(other);
    }
    seg_status status;
    segi_predicate *p = compile(text, size, &status);
    if (p == NULL)
        return 0;
    ask_sql(p);
    segi_buf first, second;
    segi_buf_init(&first, segi_mem_default());
    segi_buf_init(&second, segi_mem_default());
    segi_predicate_print(p, false, &first);
    segi_predicate *q = compile(first.data, first.size, &status);
    /* The canonical text may be longer and deeper than what was written, so at the limits it may
     * be too much. */
    if (q == NULL && status != SEG_E_LIMIT)
        abort();
    if (q != NULL) {
        segi_predicate_print(q, false, &second);
        if (second.size != first.size || memcmp(first.data, second.data, first.size) != 0 ||
            !lang_nodes_equal(p->root, q->root) ||
            memcmp(p->fingerprint, q->fingerprint, sizeof p->fingerprint) != 0)
            abort();
    }
    if (lang_json_round(schema, p, SEG_COMPILE_OPEN) != NULL)
        abort();
    segi_buf_deinit(&first);
    segi_buf_deinit(&second);
    segi_predicate_destroy(p);
    segi_predicate_destroy(q);
    return 0;
}
