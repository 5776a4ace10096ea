/* zone.c - time zones from TZif files (RFC 9636, version 2 and later).
 *
 * A zone is a sorted table of transitions, each with the offset that holds from it on, and the
 * rule of the file's footer for what comes after the table. Most files end their table decades
 * ago and leave the rest to the rule, so the table is filled up to TABLE_YEAR_LAST at load: a
 * lookup is then one binary search. All inner times are seconds since 1970 UTC; instants in
 * microseconds divided by a million leave room for every offset, so nothing here overflows. */
#include "base/zone.h"

#include <string.h>

#include "base/error.h"
#include "base/os.h"

#define NAME_SIZE_MAX 64
#define FILE_SIZE_MAX ((size_t)256 * 1024) /* real files stay below 4 KiB */
#define HEADER_SIZE ((size_t)44)
#define OFFSET_SECONDS_MAX (26 * 3600) /* RFC 9636 asks for less; real offsets stay below 16 h */
#define TABLE_YEAR_FIRST 1850          /* an older table end comes from no real file */
#define TABLE_YEAR_LAST 2100
#define DAY_SECONDS ((int64_t)86400)

/* When in a year the rule switches. */
typedef enum rule_form {
    RULE_MONTH_WEEK_DAY, /* Mm.w.d */
    RULE_JULIAN,         /* Jn: 1 .. 365, no day number for 29 February */
    RULE_DAY             /* n: 0 .. 365 */
} rule_form;

/* One switch of the rule, as POSIX writes TZ. */
typedef struct rule_date {
    rule_form form;
    int32_t month, week, weekday; /* weekday 0 Sunday .. 6 */
    int32_t day;
    int32_t time; /* seconds after local midnight, may be negative or beyond a day */
} rule_date;

/* `present` false: the file has no footer, and the last offset of the table holds for ever. */
typedef struct zone_rule {
    bool present;
    bool has_dst;
    int32_t standard, dst; /* seconds east of UTC */
    rule_date dst_start, dst_end;
} zone_rule;

struct segi_zone {
    segi_mem mem;
    bool is_static;
    char name[NAME_SIZE_MAX + 1];
    size_t count;
    int64_t *times;   /* strictly rising; inside this block */
    int32_t *offsets; /* offsets[i] holds from times[i] on; inside this block */
    int32_t offset_before;
    zone_rule rule; /* holds from the last of times on */
};

/* A stretch of time with one offset: begin <= t < end. */
typedef struct zone_span {
    int64_t begin, end;
    int32_t offset;
} zone_span;

static segi_zone utc_zone = {.is_static = true, .name = "UTC"};

/* ---- the footer's rule ---- */

/* Reads the text of the footer from its front. */
typedef struct rule_text {
    const char *at, *end;
} rule_text;

/* Takes one expected character; false where another one stands. */
static bool text_skip(rule_text *text, char c)
{
    if (text->at == text->end || *text->at != c)
        return false;
    text->at++;
    return true;
}

/* A number of at most three digits, 0 .. max. */
static bool text_number(rule_text *text, int32_t max, int32_t *out)
{
    int32_t value = 0;
    int digits = 0;
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9' && digits < 4) {
        value = value * 10 + (*text->at - '0');
        text->at++;
        digits++;
    }
    *out = value;
    return digits > 0 && digits < 4 && value <= max;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool text_time(rule_text *text, int32_t hours_max, int32_t *out)
{
    bool negative = text_skip(text, '-');
    if (!negative)
        text_skip(text, '+');
    int32_t hours, minutes = 0, seconds = 0;
    if (!text_number(text, hours_max, &hours))
        return false;
    if (text_skip(text, ':')) {
        if (!text_number(text, 59, &minutes))
            return false;
        if (text_skip(text, ':') && !text_number(text, 59, &seconds))
            return false;
    }
    int32_t total = hours * 3600 + minutes * 60 + seconds;
    *out = negative ? -total : total;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A designation: three letters or more, or <...> with digits and signs as well. */
static bool text_designation(rule_text *text)
{
    bool quoted = text_skip(text, '<');
    const char *start = text->at;
    while (text->at < text->end) {
        char c = *text->at;
        bool quoted_only = (c >= '0' && c <= '9') || c == '+' || c == '-';
        if (!is_letter(c) && !(quoted && quoted_only))
            break;
        text->at++;
    }
    bool long_enough = text->at - start >= 3;
    return long_enough && (!quoted || text_skip(text, '>'));
}

/* Mm.w.d, Jn or n, and the time of day, 2:00 where it is not said. */
static bool text_rule_date(rule_text *text, rule_date *out)
{
    if (text_skip(text, 'M')) {
        out->form = RULE_MONTH_WEEK_DAY;
        if (!text_number(text, 12, &out->month) || out->month < 1 || !text_skip(text, '.') ||
            !text_number(text, 5, &out->week) || out->week < 1 || !text_skip(text, '.') ||
            !text_number(text, 6, &out->weekday))
            return false;
    } else if (text_skip(text, 'J')) {
        out->form = RULE_JULIAN;
        if (!text_number(text, 365, &out->day) || out->day < 1)
            return false;
    } else {
        out->form = RULE_DAY;
        if (!text_number(text, 365, &out->day))
            return false;
    }
    out->time = 2 * 3600;
    return !text_skip(text, '/') || text_time(text, 167, &out->time);
}

/* std offset [dst [offset] , start [/time] , end [/time]]. POSIX counts offsets west of UTC. */
static bool rule_parse(const char *bytes, size_t size, zone_rule *out)
{
    rule_text text = {bytes, bytes + size};
    int32_t west;
    if (!text_designation(&text) || !text_time(&text, 24, &west))
        return false;
    out->present = true;
    out->standard = -west;
    if (text.at == text.end)
        return true;
    out->has_dst = true;
    out->dst = out->standard + 3600;
    if (!text_designation(&text))
        return false;
    if (text.at < text.end && *text.at != ',') {
        if (!text_time(&text, 24, &west))
            return false;
        out->dst = -west;
    }
    return text_skip(&text, ',') && text_rule_date(&text, &out->dst_start) &&
           text_skip(&text, ',') && text_rule_date(&text, &out->dst_end) && text.at == text.end;
}

/* Local seconds of the switch in a year. */
static int64_t rule_date_in(const rule_date *date, int32_t year)
{
    int64_t days;
    if (date->form == RULE_MONTH_WEEK_DAY) {
        int32_t first = segi_civil_days(year, date->month, 1);
        int32_t until = (date->weekday - segi_civil_weekday(first) % 7 + 7) % 7;
        int32_t day = until + (date->week - 1) * 7;
        /* Week 5 means the last one, which may be the fourth. */
        if (day >= segi_civil_month_length(year, date->month))
            day -= 7;
        days = (int64_t)first + day;
    } else {
        days = segi_civil_days(year, 1, 1);
        if (date->form == RULE_DAY)
            days += date->day;
        else
            days += date->day - 1 + (date->day >= 60 && segi_civil_month_length(year, 2) == 29);
    }
    return days * DAY_SECONDS + date->time;
}

/* The start is written in standard time, the end in daylight saving time. */
static int64_t rule_dst_start(const zone_rule *rule, int32_t year)
{
    return rule_date_in(&rule->dst_start, year) - rule->standard;
}

static int64_t rule_dst_end(const zone_rule *rule, int32_t year)
{
    return rule_date_in(&rule->dst_end, year) - rule->dst;
}

/* Year of an instant in UTC, near enough for rule_span(). */
static int32_t year_of(int64_t seconds)
{
    int32_t year, month, day;
    segi_civil_from_days((int32_t)segi_floor_div(seconds, DAY_SECONDS), &year, &month, &day);
    return year;
}

/* The stretch of the rule around `seconds`. A switch may lie some eight days outside its year (a
 * week of rule time, and an offset), so five years hold the nearest ones on both sides. Where one
 * year's end of daylight saving meets the next one's start, it never ends: start wins. */
static zone_span rule_span(const zone_rule *rule, int64_t seconds)
{
    zone_span span = {INT64_MIN, INT64_MAX, rule->standard};
    if (!rule->has_dst)
        return span;
    int32_t middle = year_of(seconds);
    for (int32_t year = middle - 2; year <= middle + 2; year++) {
        int64_t times[2] = {rule_dst_end(rule, year), rule_dst_start(rule, year)};
        int32_t offsets[2] = {rule->standard, rule->dst};
        for (int i = 0; i < 2; i++) {
            if (times[i] > seconds) {
                if (times[i] < span.end)
                    span.end = times[i];
            } else if (times[i] > span.begin || (times[i] == span.begin && i == 1)) {
                span.begin = times[i];
                span.offset = offsets[i];
            }
        }
    }
    return span;
}

/* ---- lookup ---- */

/* Index of the last transition at or before `seconds`, which is not before the first one. */
static size_t table_find(const segi_zone *zone, int64_t seconds)
{
    size_t low = 0, count = zone->count;
    while (count > 1) {
        size_t half = count / 2;
        low = zone->times[low + half] <= seconds ? low + half : low;
        count -= half;
    }
    return low;
}

/* The stretch that holds an instant: before the table, in it, or by the rule after it. */
static zone_span zone_find(const segi_zone *zone, int64_t seconds)
{
    if (zone->count > 0 && seconds < zone->times[0])
        return (zone_span){INT64_MIN, zone->times[0], zone->offset_before};
    int64_t table_end = zone->count > 0 ? zone->times[zone->count - 1] : INT64_MIN;
    if (zone->rule.present && seconds >= table_end) {
        zone_span span = rule_span(&zone->rule, seconds);
        if (span.begin < table_end)
            span.begin = table_end;
        return span;
    }
    if (zone->count == 0)
        return (zone_span){INT64_MIN, INT64_MAX, zone->offset_before};
    size_t i = table_find(zone, seconds);
    int64_t end = i + 1 < zone->count ? zone->times[i + 1] : INT64_MAX;
    return (zone_span){zone->times[i], end, zone->offsets[i]};
}

/* ---- reading files ---- */

/* The counts of RFC 9636, section 3.1, in their order. */
typedef struct tzif_header {
    unsigned char version;
    uint32_t isut_count, isstd_count, leap_count, time_count, type_count, char_count;
} tzif_header;

/* TZif is big-endian. */
static uint32_t load_be32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t load_be64(const unsigned char *bytes)
{
    return (int64_t)((uint64_t)load_be32(bytes) << 32 | load_be32(bytes + 4));
}

/* Checks the header and that its block lies within size bytes; returns NULL or what is wrong.
 * *block_size is the size of header and block. */
static const char *tzif_read_header(const unsigned char *bytes, size_t size, size_t time_size,
                                    tzif_header *out, size_t *block_size)
{
    if (size < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0)
        return "it does not start with a TZif header";
    out->version = bytes[4];
    out->isut_count = load_be32(bytes + 20);
    out->isstd_count = load_be32(bytes + 24);
    out->leap_count = load_be32(bytes + 28);
    out->time_count = load_be32(bytes + 32);
    out->type_count = load_be32(bytes + 36);
    out->char_count = load_be32(bytes + 40);
    /* Six 32-bit counts times at most twelve cannot overflow 64 bits. */
    uint64_t need = HEADER_SIZE + (uint64_t)out->time_count * (time_size + 1) +
                    (uint64_t)out->type_count * 6 + out->char_count +
                    (uint64_t)out->leap_count * (time_size + 4) + out->isstd_count +
                    out->isut_count;
    if (need > size)
        return "it is shorter than its header says";
    *block_size = (size_t)need;
    return NULL;
}

/* Indicators are for rules without footers; they are skipped, but must be plausible. */
static const char *tzif_check_counts(const tzif_header *header)
{
    if (header->type_count == 0 || header->type_count > 256 || header->char_count == 0)
        return "it has no local time type, or too many";
    if ((header->isut_count != 0 && header->isut_count != header->type_count) ||
        (header->isstd_count != 0 && header->isstd_count != header->type_count))
        return "its counts of indicators contradict each other";
    if (header->leap_count != 0)
        return "it counts leap seconds, which instants here do not";
    return NULL;
}

/* Offsets of all types, checked. */
static const char *tzif_read_types(const unsigned char *bytes, const tzif_header *header,
                                   int32_t offsets[256])
{
    for (uint32_t i = 0; i < header->type_count; i++, bytes += 6) {
        /* The bits of a negative number keep their value through the conversion. */
        offsets[i] = (int32_t)load_be32(bytes);
        if (offsets[i] < -OFFSET_SECONDS_MAX || offsets[i] > OFFSET_SECONDS_MAX)
            return "an offset exceeds 26 hours";
        if (bytes[4] > 1 || bytes[5] >= header->char_count)
            return "a local time type is not valid";
    }
    return NULL;
}

/* Also the offset before the first transition, which is that of type 0.
 * Times must rise strictly: the binary search relies on it. */
static const char *tzif_read_times(const unsigned char *bytes, const tzif_header *header,
                                   const int32_t type_offsets[256], segi_zone *zone)
{
    const unsigned char *types = bytes + (size_t)header->time_count * 8;
    for (uint32_t i = 0; i < header->time_count; i++) {
        zone->times[i] = load_be64(bytes + (size_t)i * 8);
        if (i > 0 && zone->times[i] <= zone->times[i - 1])
            return "its transitions do not rise";
        if (types[i] >= header->type_count)
            return "a transition has no local time type";
        zone->offsets[i] = type_offsets[types[i]];
    }
    zone->count = header->time_count;
    zone->offset_before = type_offsets[0];
    return NULL;
}

/* What follows the block must be a newline, the rule and a newline, to the last byte. */
static const char *tzif_read_footer(const unsigned char *bytes, size_t size, zone_rule *out)
{
    memset(out, 0, sizeof *out);
    if (size < 2 || bytes[0] != '\n' || bytes[size - 1] != '\n')
        return "its footer is missing or not complete";
    if (size == 2)
        return NULL;
    if (!rule_parse((const char *)bytes + 1, size - 2, out))
        return "the rule in its footer is not valid";
    return NULL;
}

/* Transitions that zone_fill may add: two a year. */
static size_t fill_count_max(void)
{
    return 2 * (size_t)(TABLE_YEAR_LAST - TABLE_YEAR_FIRST + 2);
}

/* Writes the rule's transitions into the table up to TABLE_YEAR_LAST. */
static void zone_fill(segi_zone *zone)
{
    if (zone->count == 0 || !zone->rule.present || !zone->rule.has_dst)
        return;
    int64_t last = zone->times[zone->count - 1];
    int64_t fill_end = segi_civil_days(TABLE_YEAR_LAST + 1, 1, 1) * DAY_SECONDS;
    if (last < segi_civil_days(TABLE_YEAR_FIRST, 1, 1) * DAY_SECONDS)
        return;
    /* From the last transition on the rule holds, whatever the table's type says. */
    if (last < fill_end) {
        zone_span span = rule_span(&zone->rule, last);
        zone->offsets[zone->count - 1] = span.offset;
        size_t room = fill_count_max();
        for (; span.end < fill_end && room > 0; room--) {
            span = rule_span(&zone->rule, span.end);
            zone->times[zone->count] = span.begin;
            zone->offsets[zone->count] = span.offset;
            zone->count++;
        }
    }
}

/* Reads the second block and the footer into a zone with room for them. */
static const char *tzif_read_body(const unsigned char *bytes, size_t size, size_t block_size,
                                  const tzif_header *header, segi_zone *zone)
{
    int32_t type_offsets[256];
    const unsigned char *times = bytes + HEADER_SIZE;
    const char *fault =
        tzif_read_types(times + (size_t)header->time_count * 9, header, type_offsets);
    if (fault == NULL)
        fault = tzif_read_times(times, header, type_offsets, zone);
    if (fault == NULL)
        fault = tzif_read_footer(bytes + block_size, size - block_size, &zone->rule);
    return fault;
}

static bool name_char_valid(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
}

/* Parts of letters, digits and _ + - with single slashes between: no dot, hence no "..". */
static bool name_valid(const char *name, size_t size)
{
    if (size == 0 || size > NAME_SIZE_MAX || name[size - 1] == '/')
        return false;
    for (size_t i = 0; i < size; i++) {
        bool slash_valid = name[i] == '/' && i > 0 && name[i - 1] != '/';
        if (!name_char_valid(name[i]) && !slash_valid)
            return false;
    }
    return true;
}

static seg_status fail_name(const char *name, size_t size, seg_error *err)
{
    int shown = size > NAME_SIZE_MAX ? NAME_SIZE_MAX : (int)size;
    segi_fail(err, SEG_E_UNKNOWN_NAME, "there is no time zone named \"%.*s\"", shown, name);
    segi_error_hint(err, "use a name of the IANA database, for example Europe/Berlin");
    return SEG_E_UNKNOWN_NAME;
}

static seg_status fail_corrupt(const char *name, size_t size, const char *fault, seg_error *err)
{
    return segi_fail(err, SEG_E_CORRUPT, "the file of time zone %.*s cannot be used: %s", (int)size,
                     name, fault);
}

const segi_zone *segi_zone_utc(void)
{
    return &utc_zone;
}

static const char *const directories[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo",
                                          "/usr/share/lib/zoneinfo", "/etc/zoneinfo"};
#define DIRECTORY_COUNT (sizeof directories / sizeof directories[0])

/* Says whether the name or the whole database is missing. */
static seg_status fail_not_found(const char *name, size_t size, seg_error *err)
{
    for (size_t i = 0; i < DIRECTORY_COUNT; i++) {
        if (segi_os_directory_exists(directories[i]))
            return fail_name(name, size, err);
    }
    segi_fail(err, SEG_E_UNKNOWN_NAME,
              "time zone %.*s cannot be looked up: this system has no time zone database",
              (int)size, name);
    segi_error_hint(err, "install the package tzdata, or use the zone UTC");
    return SEG_E_UNKNOWN_NAME;
}

/* The first file of that name in the known directories. */
static seg_status zone_read_file(const char *name, size_t name_size, segi_buf *path,
                                 segi_buf *content, seg_error *err)
{
    for (size_t i = 0; i < DIRECTORY_COUNT; i++) {
        segi_buf_reset(path);
        segi_buf_text(path, directories[i]);
        segi_buf_char(path, '/');
        segi_buf_add(path, name, name_size);
        segi_buf_char(path, '\0');
        if (path->failed)
            return segi_fail_nomem(err);
        seg_status status = segi_os_read_file(path->data, FILE_SIZE_MAX, content, err);
        if (status == SEG_E_LIMIT)
            return fail_corrupt(name, name_size, "it is too large", err);
        if (status != SEG_E_NOT_FOUND)
            return status;
    }
    return fail_not_found(name, name_size, err);
}

seg_status segi_zone_load(const segi_mem *mem, const char *name, size_t name_size, segi_zone **out,
                          seg_error *err)
{
    *out = NULL;
    if (!name_valid(name, name_size))
        return fail_name(name, name_size, err);
    if (name_size == 3 && memcmp(name, "UTC", 3) == 0) {
        *out = &utc_zone;
        return SEG_OK;
    }
    segi_buf path, content;
    segi_buf_init(&path, mem);
    segi_buf_init(&content, mem);
    seg_status status = zone_read_file(name, name_size, &path, &content, err);
    if (status == SEG_OK)
        status = segi_zone_parse(mem, name, name_size, content.data, content.size, out, err);
    segi_buf_deinit(&path);
    segi_buf_deinit(&content);
    return status;
}

/* Every count is checked against the size of the file before anything is read by it. */
seg_status segi_zone_parse(const segi_mem *mem, const char *name, size_t name_size,
                           const void *bytes, size_t size, segi_zone **out, seg_error *err)
{
    *out = NULL;
    if (!name_valid(name, name_size))
        return fail_name(name, name_size, err);
    /* The first block is for readers that know 32-bit times only. */
    tzif_header header;
    size_t skip = 0, block_size = 0;
    const unsigned char *start = bytes;
    const char *fault = tzif_read_header(start, size, 4, &header, &skip);
    if (fault == NULL && header.version < '2')
        fault = "it is of TZif version 1, and version 2 or later is needed";
    if (fault == NULL)
        fault = tzif_read_header(start + skip, size - skip, 8, &header, &block_size);
    if (fault == NULL)
        fault = tzif_check_counts(&header);
    if (fault != NULL)
        return fail_corrupt(name, name_size, fault, err);

    /* One block holds the zone and both columns of its table. */
    size_t capacity = header.time_count + fill_count_max();
    segi_zone *zone = segi_alloc_zero(mem, sizeof *zone + capacity * (8 + 4));
    if (zone == NULL)
        return segi_fail_nomem(err);
    zone->mem = *mem;
    memcpy(zone->name, name, name_size);
    zone->times = (int64_t *)(void *)(zone + 1);
    zone->offsets = (int32_t *)(void *)(zone->times + capacity);
    fault = tzif_read_body(start + skip, size - skip, block_size, &header, zone);
    if (fault != NULL) {
        segi_zone_destroy(zone);
        return fail_corrupt(name, name_size, fault, err);
    }
    zone_fill(zone);
    *out = zone;
    return SEG_OK;
}

void segi_zone_destroy(segi_zone *zone)
{
    if (zone == NULL || zone->is_static)
        return;
    segi_mem mem = zone->mem;
    segi_free(&mem, zone);
}

const char *segi_zone_name(const segi_zone *zone)
{
    return zone->name;
}

/* ---- conversion ---- */

/* instant = *seconds x 10^6 + *rest with 0 <= *rest < 10^6. */
static void from_instant(int64_t instant, int64_t *seconds, int64_t *rest)
{
    *seconds = instant / SEGI_SECOND;
    *rest = instant % SEGI_SECOND;
    if (*rest < 0) {
        *rest += SEGI_SECOND;
        *seconds -= 1;
    }
}

/* The inverse, at the ends of int64_t where it does not fit. */
static int64_t to_instant(int64_t seconds, int64_t rest)
{
    /* Towards zero first: the lowest instants have no whole second below them. */
    if (seconds < 0 && rest > 0) {
        seconds += 1;
        rest -= SEGI_SECOND;
    }
    int64_t scaled, result;
    if (__builtin_mul_overflow(seconds, SEGI_SECOND, &scaled) ||
        __builtin_add_overflow(scaled, rest, &result))
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    return result;
}

int32_t segi_zone_offset(const segi_zone *zone, int64_t instant)
{
    return zone_find(zone, segi_floor_div(instant, SEGI_SECOND)).offset;
}

/* The ends of the table of time become those of int64_t. */
int32_t segi_zone_span(const segi_zone *zone, int64_t instant, int64_t *begin, int64_t *end)
{
    zone_span span = zone_find(zone, segi_floor_div(instant, SEGI_SECOND));
    *begin = to_instant(span.begin, 0);
    *end = to_instant(span.end, 0);
    return span.offset;
}

int64_t segi_zone_local(const segi_zone *zone, int64_t instant)
{
    int64_t seconds, rest;
    from_instant(instant, &seconds, &rest);
    return to_instant(seconds + zone_find(zone, seconds).offset, rest);
}

/* 2^63 microseconds are 107 million days, so the cast is safe. */
int32_t segi_zone_date(const segi_zone *zone, int64_t instant)
{
    int64_t seconds = segi_floor_div(instant, SEGI_SECOND);
    return (int32_t)segi_floor_div(seconds + zone_find(zone, seconds).offset, DAY_SECONDS);
}

/* Walks the stretches of constant offset from one that surely begins early enough. In each, the
 * local time would be at `candidate`. The first stretch that does not end before it decides: it
 * either holds the candidate, the earliest there is, or begins after it, and then the local time
 * was skipped where it begins. */
int64_t segi_zone_instant(const segi_zone *zone, int64_t local)
{
    int64_t seconds, rest;
    from_instant(local, &seconds, &rest);
    zone_span span = zone_find(zone, seconds - OFFSET_SECONDS_MAX);
    int64_t candidate = seconds - span.offset;
    while (candidate >= span.end) {
        span = zone_find(zone, span.end);
        candidate = seconds - span.offset;
    }
    if (candidate < span.begin)
        return to_instant(span.begin, 0);
    return to_instant(candidate, rest);
}

int64_t segi_zone_day_start(const segi_zone *zone, int32_t days)
{
    return segi_zone_instant(zone, to_instant(days * DAY_SECONDS, 0));
}
