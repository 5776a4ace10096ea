/* params.c - binding parameters. See params.h. */
#include "params.h"

#include <string.h>

/* Adds one value as the type that the parameter wants; what cannot be read as that type is added
 * as a text, and the library says what is wrong with it. */
static seg_status add_value(seg_params *params, const seg_param_info *info, const char *text,
                            seg_error *err)
{
    text_view view = text_of(text);
    size_t name_size = (size_t)info->name_size;
    int64_t integer;
    double real;
    int32_t digits;
    switch (info->type) {
    case SEG_TYPE_BOOL:
        if (text_equals_fold(view, "true") || text_equals_fold(view, "false")) {
            return seg_params_add_bool(params, info->name, name_size,
                                       text_equals_fold(view, "true"), err);
        }
        break;
    case SEG_TYPE_INT64:
    case SEG_TYPE_FLOAT64:
    case SEG_TYPE_DECIMAL:
        if (parse_int(view, &integer)) {
            return seg_params_add_int64(params, info->name, name_size, integer, err);
        }
        if (info->type == SEG_TYPE_DECIMAL && decimal_scale(view, &digits) >= 0 &&
            parse_decimal(view, decimal_scale(view, &digits), &integer)) {
            return seg_params_add_decimal(params, info->name, name_size, integer,
                                          decimal_scale(view, &digits), err);
        }
        if (parse_float(view, &real)) {
            return seg_params_add_float64(params, info->name, name_size, real, err);
        }
        break;
    default: break;
    }
    return seg_params_add_string(params, info->name, name_size, view.data, view.size, err);
}

static seg_status fill(const seg_segment *segment, seg_params *params, char *const *pairs,
                       size_t pair_count, seg_error *err)
{
    uint64_t count = seg_segment_param_count(segment);
    for (uint64_t i = 0; i < count; i++) {
        seg_param_info info = {.struct_size = (uint32_t)sizeof info};
        seg_status status = seg_segment_param_at(segment, i, &info, err);
        for (size_t k = 0; k < pair_count && status == SEG_OK; k++) {
            const char *sign = strchr(pairs[k], '=');
            if ((size_t)(sign - pairs[k]) == info.name_size &&
                memcmp(pairs[k], info.name, (size_t)info.name_size) == 0) {
                status = add_value(params, &info, sign + 1, err);
            }
        }
        if (status != SEG_OK) {
            return status;
        }
    }
    return SEG_OK;
}

seg_status params_bind(const seg_segment *segment, char *const *pairs, size_t pair_count,
                       seg_segment **out, seg_error *err)
{
    seg_params *params = NULL;
    *out = NULL;
    seg_status status = seg_params_create(NULL, &params, err);
    if (status == SEG_OK) {
        status = fill(segment, params, pairs, pair_count, err);
    }
    if (status == SEG_OK) {
        status = seg_segment_bind(segment, params, out, err);
    }
    seg_params_destroy(params);
    return status;
}
