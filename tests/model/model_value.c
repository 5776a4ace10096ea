/* model_value.c - memory, values, comparison, text tests and distance of the naive twin. */
#include "model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

/* ---- memory ---- */

struct model_block {
    struct model_block *next;
    size_t used, size;
};

/* Blocks double from the first size to the second: many an arena holds a few rows of one user. */
#define BLOCK_FIRST ((size_t)1 << 10)
#define BLOCK_MAX ((size_t)1 << 18)
#define ALIGN ((size_t)16)

static void *must(void *pointer)
{
    if (pointer == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return pointer;
}

void *model_alloc(model_arena *arena, size_t size)
{
    size_t header = (sizeof(struct model_block) + ALIGN - 1) / ALIGN * ALIGN;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    struct model_block *block = arena->head;
    if (block == NULL || block->size - block->used < size) {
        size_t next = block == NULL ? BLOCK_FIRST : block->size * 2;
        size_t want = next < BLOCK_MAX ? next : BLOCK_MAX;
        if (want < size)
            want = size;
        block = must(calloc(1, header + want));
        block->size = want;
        block->next = arena->head;
        arena->head = block;
    }
    void *result = (char *)block + header + block->used;
    block->used += size;
    return result;
}

char *model_copy(model_arena *arena, const char *text, size_t size)
{
    char *result = model_alloc(arena, size + 1);
    if (size > 0)
        memcpy(result, text, size);
    return result;
}

void model_arena_reset(model_arena *arena)
{
    while (arena->head != NULL) {
        struct model_block *next = arena->head->next;
        free(arena->head);
        arena->head = next;
    }
}

void model_add(model_text *text, const char *bytes, size_t size)
{
    if (text->size + size + 1 > text->capacity) {
        text->capacity = (text->size + size + 1) * 2;
        text->data = must(realloc(text->data, text->capacity));
    }
    if (size > 0)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void model_addf(model_text *text, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof(line)) {
        fprintf(stderr, "a line of text is too long\n");
        exit(2);
    }
    model_add(text, line, (size_t)size);
}

void model_text_free(model_text *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}

/* ---- making values ---- */

static model_value make(seg_type type)
{
    model_value value;
    memset(&value, 0, sizeof(value));
    value.state = SEG_VALUE_SET;
    value.type = type;
    return value;
}

model_value model_int(int64_t i)
{
    model_value value = make(SEG_TYPE_INT64);
    value.i = i;
    return value;
}

model_value model_float(double f)
{
    model_value value = make(SEG_TYPE_FLOAT64);
    value.f = f == 0 ? 0.0 : f; /* -0.0 is 0.0 */
    return value;
}

model_value model_decimal(int64_t mantissa, int32_t scale)
{
    model_value value = make(SEG_TYPE_DECIMAL);
    value.i = mantissa;
    value.scale = scale;
    return value;
}

model_value model_bool(bool b)
{
    model_value value = make(SEG_TYPE_BOOL);
    value.i = b ? 1 : 0;
    return value;
}

model_value model_string_value(const char *text, size_t size)
{
    model_value value = make(SEG_TYPE_STRING);
    value.text.data = text;
    value.text.size = size;
    return value;
}

model_value model_instant(int64_t i)
{
    model_value value = make(SEG_TYPE_TIMESTAMP);
    value.i = i;
    return value;
}

model_value model_date(int64_t days)
{
    model_value value = make(SEG_TYPE_DATE);
    value.i = days;
    return value;
}

model_value model_geo(int64_t latitude_e7, int64_t longitude_e7)
{
    model_value value = make(SEG_TYPE_GEO);
    value.i = latitude_e7;
    value.j = longitude_e7;
    return value;
}

model_value model_undefined(void)
{
    model_value value;
    memset(&value, 0, sizeof(value));
    value.state = SEG_VALUE_ABSENT;
    return value;
}

/* ---- comparing ---- */

bool model_is_number(seg_type type)
{
    return type == SEG_TYPE_INT64 || type == SEG_TYPE_FLOAT64 || type == SEG_TYPE_DECIMAL;
}

static wide power_of_ten(int32_t n)
{
    wide result = 1;
    for (int32_t i = 0; i < n; i++)
        result *= 10;
    return result;
}

double model_to_double(const model_value *value)
{
    if (value->type == SEG_TYPE_FLOAT64)
        return value->f;
    if (value->type == SEG_TYPE_DECIMAL)
        return (double)value->i / (double)power_of_ten(value->scale);
    return (double)value->i;
}

int model_string_compare(model_string a, model_string b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)a.data[i] != (unsigned char)b.data[i])
            return (unsigned char)a.data[i] < (unsigned char)b.data[i] ? -1 : 1;
    }
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

int model_compare(const model_value *a, const model_value *b)
{
    if (model_is_number(a->type) && model_is_number(b->type)) {
        if (a->type == SEG_TYPE_FLOAT64 || b->type == SEG_TYPE_FLOAT64) {
            double x = model_to_double(a), y = model_to_double(b);
            return x < y ? -1 : x > y ? 1 : 0;
        }
        wide x = (wide)a->i * power_of_ten(b->scale);
        wide y = (wide)b->i * power_of_ten(a->scale);
        return x < y ? -1 : x > y ? 1 : 0;
    }
    if (a->type == SEG_TYPE_STRING)
        return model_string_compare(a->text, b->text);
    if (a->i != b->i)
        return a->i < b->i ? -1 : 1;
    return a->j == b->j ? 0 : a->j < b->j ? -1 : 1;
}

bool model_in_set(const model_value *set, model_string element)
{
    for (size_t i = 0; i < set->element_count; i++) {
        if (model_string_compare(set->elements[i], element) == 0)
            return true;
    }
    return false;
}

/* ---- geography ---- */

/* Haversine on a sphere of radius 6,371,008.8 m. */
double model_distance(double lat_a, double lon_a, double lat_b, double lon_b)
{
    const double radius = 6371008.8, radian = 3.14159265358979323846 / 180.0;
    double u = sin((lat_b - lat_a) * radian / 2), v = sin((lon_b - lon_a) * radian / 2);
    double h = u * u + cos(lat_a * radian) * cos(lat_b * radian) * v * v;
    return 2 * radius * asin(sqrt(h < 1 ? h : 1));
}

/* ---- text ---- */

static unsigned char fold_byte(bool fold, char c)
{
    unsigned char byte = (unsigned char)c;
    if (fold && byte >= 'A' && byte <= 'Z')
        return (unsigned char)(byte + ('a' - 'A'));
    return byte;
}

static bool same_bytes(bool fold, const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (fold_byte(fold, a[i]) != fold_byte(fold, b[i]))
            return false;
    }
    return true;
}

/* Bytes of the code point that begins at text. */
static size_t code_point(const char *text, size_t size)
{
    size_t n = 1;
    while (n < size && ((unsigned char)text[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static bool glob(bool fold, const char *p, size_t pn, const char *t, size_t tn)
{
    if (pn == 0)
        return tn == 0;
    if (p[0] == '*') {
        for (size_t skip = 0; skip <= tn; skip++) {
            if (glob(fold, p + 1, pn - 1, t + skip, tn - skip))
                return true;
        }
        return false;
    }
    if (tn == 0)
        return false;
    if (p[0] == '?') {
        size_t n = code_point(t, tn);
        return glob(fold, p + 1, pn - 1, t + n, tn - n);
    }
    if (p[0] == '\\' && pn > 1) {
        p++;
        pn--;
    }
    return fold_byte(fold, p[0]) == fold_byte(fold, t[0]) &&
           glob(fold, p + 1, pn - 1, t + 1, tn - 1);
}

bool model_text_holds(model_text_test test, bool fold, model_string pattern, model_string text)
{
    size_t p = pattern.size, t = text.size;
    switch (test) {
    case MODEL_STARTS: return p <= t && same_bytes(fold, pattern.data, text.data, p);
    case MODEL_ENDS: return p <= t && same_bytes(fold, pattern.data, text.data + (t - p), p);
    case MODEL_CONTAINS:
        for (size_t at = 0; at + p <= t; at++) {
            if (same_bytes(fold, pattern.data, text.data + at, p))
                return true;
        }
        return false;
    case MODEL_MATCHES: return glob(fold, pattern.data, p, text.data, t);
    }
    return false;
}
