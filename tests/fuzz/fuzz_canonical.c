/* fuzz/fuzz_canonical.c - the sorted form: whatever compiles, its sorted text means the same to the
 * fingerprint, sorts to itself, and its sorted JSON reads back as the same predicate. */
#include "unit/lang/lang_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const segi_schema *schema;

static segi_predicate *compile(const char *text, size_t size, seg_error *err)
{
    segi_predicate *p = NULL;
    seg_error_init(err, sizeof *err);
    const segi_source source = {
        .schema = schema, .text = text, .text_size = size, .flags = SEG_COMPILE_OPEN};
    (void)segi_compile(segi_mem_default(), &source, NULL, &p, err);
    return p;
}

/* q says what p says; NULL only at a limit. */
static void check_same(const segi_predicate *p, segi_predicate *q, const seg_error *err,
                       const segi_buf *sorted)
{
    segi_buf again;
    if (q == NULL) {
        if (err->code != SEG_E_LIMIT)
            abort();
        return;
    }
    segi_buf_init(&again, segi_mem_default());
    segi_predicate_print(q, true, &again);
    if (again.size != sorted->size || memcmp(again.data, sorted->data, sorted->size) != 0 ||
        memcmp(p->fingerprint, q->fingerprint, sizeof p->fingerprint) != 0)
        abort();
    segi_buf_deinit(&again);
    segi_predicate_destroy(q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    seg_error err;
    segi_buf text, json;
    if (schema == NULL)
        schema = lang_schema(segi_mem_default());
    segi_predicate *p = compile((const char *)data, size, &err);
    if (p == NULL)
        return 0;
    segi_buf_init(&text, segi_mem_default());
    segi_buf_init(&json, segi_mem_default());
    segi_predicate_print(p, true, &text);
    segi_predicate_json(p, true, &json);
    segi_predicate *q = compile(text.data, text.size, &err);
    check_same(p, q, &err, &text);
    q = lang_compile_json(schema, json.data, json.size, SEG_COMPILE_OPEN, &err);
    check_same(p, q, &err, &text);
    segi_buf_deinit(&text);
    segi_buf_deinit(&json);
    segi_predicate_destroy(p);
    return 0;
}
