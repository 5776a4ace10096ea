/* fuzz/fuzz_json.c - any bytes as a predicate in the JSON form: no crash, each fault has a place
 * inside of them, and whatever compiles survives the way to JSON and text and back. */
#include "unit/lang/lang_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const segi_schema *schema;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    seg_error err;
    if (schema == NULL)
        schema = lang_schema(segi_mem_default());
    segi_predicate *p = lang_compile_json(schema, (const char *)data, size, SEG_COMPILE_OPEN, &err);
    if (p == NULL) {
        if (err.message[0] == '\0' || err.offset + err.length > (int64_t)size)
            abort();
        return 0;
    }
    if (lang_json_round(schema, p, SEG_COMPILE_OPEN) != NULL)
        abort();
    segi_predicate_destroy(p);
    return 0;
}
