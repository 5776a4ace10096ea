/* unit/store/test_store_scenes.c - each thing that a host does with a store in a file, with every
 * call of the system and every allocation of it failing, once and for ever.
 *
 * The stories of test_store_fault.c are long, so that only a soak can try every point of them.
 * Here each scene begins with the same small store, does one thing, and leaves none out. A failure
 * says what it is; the store shows what it showed before, or, after an acknowledgement, the new
 * state; it can be used on or is poisoned, and opened again it goes on to where the scene leads.
 * Nothing is leaked. Where a removal has failed halfway, the store is poisoned and either state may
 * be found.
 *
 * SEG_TEST_SAMPLE and SEG_TEST_SLOW in the environment: one point in some. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "api/api_int.h"
#include "store_story.h"
#include "support/check_main.h"
#include "support/mem_fault.h"
#include "support/store_image.h"

#define DAY ((int64_t)86400 * 1000000)
#define NOW ((int64_t)1769817600 * 1000000) /* 2026-01-31, as that of the image */
#define COPY "copy"
#define TEXT(literal) (literal), (sizeof(literal) - 1)

static const struct {
    int os_errno;
    seg_status status;
} failures[] = {
    {EIO, SEG_E_IO},     {ENOSPC, SEG_E_FULL},     {EDQUOT, SEG_E_FULL},
    {EFBIG, SEG_E_FULL}, {EROFS, SEG_E_READ_ONLY}, {ENOMEM, SEG_E_NOMEM},
};
#define FAILURES (sizeof failures / sizeof *failures)

/* ---- a scene --------------------------------------------------------------------------------- */

typedef struct scene_run {
    sim_vfs *sim; /* owned */
    mem_fault fault;
    seg_store *store; /* NULL: not open */
    uint64_t before;
} scene_run;

#define SCENE_CLOSED 1u  /* begins with a store that is not open */
#define SCENE_NEW 2u     /* and not even made */
#define SCENE_REMOVES 4u /* what fails halfway may show as done, in a store that it has poisoned */
#define SCENE_COPIES 8u  /* to another file, which is there wholly or not at all */

typedef struct scene {
    const char *name;
    seg_status (*act)(scene_run *run, seg_error *err);
    uint32_t flags;
} scene;

static seg_status scene_open(scene_run *run, const char *path, uint32_t flags, seg_store **out,
                             seg_error *err)
{
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = flags;
    options.threads_max = 1;
    options.memory_limit = 4096;
    options.log_bytes_max = 1 << 16;
    options.allocator = mem_fault_allocator(&run->fault);
    return segi_api_store_open(sim_vfs_table(run->sim), path, strlen(path), &options, out, err);
}

/* ---- what is done ---------------------------------------------------------------------------- */

static seg_status act_create(scene_run *run, seg_error *err)
{
    return scene_open(run, STORE_IMAGE_FILE, SEG_STORE_CREATE, &run->store, err);
}

/* The image was left by a crash, so this recovers. */
static seg_status act_open(scene_run *run, seg_error *err)
{
    return scene_open(run, STORE_IMAGE_FILE, 0, &run->store, err);
}

static seg_status act_open_reading(scene_run *run, seg_error *err)
{
    return scene_open(run, STORE_IMAGE_FILE, SEG_STORE_READ_ONLY, &run->store, err);
}

static seg_status act_close(scene_run *run, seg_error *err)
{
    seg_store *store = run->store;
    run->store = NULL;
    return seg_store_close(store, err);
}

/* New and known customers, attributes and event types, an event with an id that is known. */
static seg_status commit_rows(seg_appender *to, seg_error *err)
{
    SEGI_TRY(seg_appender_user(to, TEXT("user 02"), err));
    SEGI_TRY(seg_appender_set_string(to, TEXT("name"), TEXT("another"), err));
    SEGI_TRY(seg_appender_user(to, TEXT("user 77"), err));
    SEGI_TRY(seg_appender_set_int64(to, TEXT("plan"), 2, err));
    SEGI_TRY(seg_appender_event(to, TEXT("user 78"), TEXT("buy"), NOW - DAY, err));
    SEGI_TRY(seg_appender_set_decimal(to, TEXT("amount"), 700, 2, err));
    SEGI_TRY(seg_appender_event(to, TEXT("user 09"), TEXT("buy"), NOW - 3 * DAY, err));
    SEGI_TRY(seg_appender_set_string(to, TEXT("item"), TEXT("vent "), err));
    SEGI_TRY(seg_appender_set_decimal(to, TEXT("amount"), 3, 2, err));
    SEGI_TRY(seg_appender_set_event_id(to, TEXT("event 003"), err));
    SEGI_TRY(seg_appender_event(to, TEXT("user 02"), TEXT("return"), NOW - DAY, err));
    return seg_appender_set_string(to, TEXT("reason"), TEXT("late"), err);
}

static seg_status act_commit(scene_run *run, seg_error *err)
{
    seg_appender *to = NULL;
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    options.token = "scene";
    options.token_size = 5;
    SEGI_TRY(seg_appender_create(run->store, &to, err));
    seg_status status = commit_rows(to, err);
    if (status == SEG_OK)
        status = seg_appender_commit(to, &options, NULL, err);
    seg_appender_destroy(to);
    return status;
}

static seg_status act_attribute(scene_run *run, seg_error *err)
{
    return seg_store_define_attribute(run->store, TEXT("plan"), SEG_TYPE_INT64, 0, err);
}

static seg_status act_history(scene_run *run, seg_error *err)
{
    return seg_store_define_history(run->store, TEXT("tier"), SEG_TYPE_STRING, 0, err);
}

static seg_status act_segment(scene_run *run, seg_error *err)
{
    return seg_store_define_segment(run->store, TEXT("rich"), TEXT("paid > 2"), NULL, err);
}

static seg_status act_drop(scene_run *run, seg_error *err)
{
    return seg_store_drop_segment(run->store, TEXT("buyers"), err);
}

static seg_status act_class(scene_run *run, seg_error *err)
{
    return seg_store_define_class(run->store, TEXT("kind"),
                                  TEXT("\"one\": n = 1; otherwise \"other\""), NULL, err);
}

static seg_status act_occasion(scene_run *run, seg_error *err)
{
    const int32_t days[] = {20454, 20456};
    return seg_store_define_occasion(run->store, TEXT("sale"), days, 1, err);
}

static seg_status act_checkpoint(scene_run *run, seg_error *err)
{
    return seg_store_checkpoint(run->store, err);
}

static seg_status act_maintain(scene_run *run, seg_error *err)
{
    seg_maintain_options options = SEG_MAINTAIN_OPTIONS_INIT;
    int32_t more = 1;
    for (options.budget_bytes = 500; more; options.budget_bytes = 0)
        SEGI_TRY(seg_store_maintain(run->store, &options, &more, err));
    return SEG_OK;
}

static seg_status act_erase(scene_run *run, seg_error *err)
{
    const uint64_t offsets[] = {0, 7, 14};
    seg_erase_options options = SEG_ERASE_OPTIONS_INIT;
    options.flags = SEG_ERASE_REFUSE;
    return seg_store_erase_users(run->store, "user 02user 05", offsets, 2, &options, NULL, err);
}

static seg_status act_rule(scene_run *run, seg_error *err)
{
    return seg_store_set_retention(run->store, NULL, 0, (uint64_t)(20 * DAY), err);
}

/* By the rule that the image has for one event type. */
static seg_status act_expire(scene_run *run, seg_error *err)
{
    return seg_store_expire(run->store, NOW + 15 * DAY, NULL, err);
}

/* A snapshot, all predicates, their customers one by one, what is saved. */
static seg_status act_ask(scene_run *run, seg_error *err)
{
    uint64_t digest = 0;
    seg_status status =
        story_digest_of(run->store, store_image_questions, STORE_IMAGE_QUESTIONS, &digest, err);
    check_fast(status != SEG_OK || digest == run->before);
    return status;
}

static seg_status act_why(scene_run *run, seg_error *err)
{
    seg_segment *segment = NULL;
    seg_snapshot *snapshot = NULL;
    seg_why *why = NULL;
    int32_t member = 0;
    seg_status status = seg_segment_compile(
        run->store, TEXT("did \"see\" where (item = \"event\") at least 2 times"), 0, &segment,
        err);
    if (status == SEG_OK)
        status = seg_snapshot_create(run->store, &snapshot, err);
    if (status == SEG_OK)
        status = seg_segment_test(segment, snapshot, TEXT("user 01"), NOW, &member, err);
    if (status == SEG_OK)
        status = seg_segment_why(segment, snapshot, TEXT("user 01"), NOW, NULL, &why, err);
    seg_why_destroy(why);
    seg_snapshot_release(snapshot);
    seg_segment_release(segment);
    return status;
}

static seg_status act_check(scene_run *run, seg_error *err)
{
    uint64_t faults = 0;
    return seg_store_check(run->store, SEG_CHECK_DEEP, NULL, NULL, &faults, err);
}

static seg_status act_backup(scene_run *run, seg_error *err)
{
    return seg_store_backup(run->store, TEXT(COPY), err);
}

static seg_status act_salvage(scene_run *run, seg_error *err)
{
    segi_mem mem;
    seg_salvage_report report;
    segi_store_place from = {.vfs = sim_vfs_table(run->sim), .path = STORE_IMAGE_FILE};
    memset(&report, 0, sizeof report);
    SEGI_TRY(segi_mem_init(&mem, mem_fault_allocator(&run->fault), err));
    seg_status status = segi_store_salvage(&mem, &from, COPY, NULL, NULL, &report, err);
    check_fast(status != SEG_OK || report.complete == 1 || sim_vfs_failed(run->sim));
    return status;
}

static const scene scenes[] = {
    {"create", act_create, SCENE_CLOSED | SCENE_NEW},
    {"open", act_open, SCENE_CLOSED},
    {"open for reading", act_open_reading, SCENE_CLOSED},
    {"close", act_close, 0},
    {"commit", act_commit, 0},
    {"attribute", act_attribute, 0},
    {"history", act_history, 0},
    {"segment", act_segment, 0},
    {"drop", act_drop, 0},
    {"class", act_class, 0},
    {"occasion", act_occasion, 0},
    {"checkpoint", act_checkpoint, 0},
    {"maintain", act_maintain, 0},
    {"erase", act_erase, SCENE_REMOVES},
    {"rule", act_rule, 0},
    {"expire", act_expire, SCENE_REMOVES},
    {"ask", act_ask, 0},
    {"why", act_why, 0},
    {"check", act_check, 0},
    {"backup", act_backup, SCENE_COPIES},
    {"salvage", act_salvage, SCENE_CLOSED | SCENE_COPIES},
};
#define SCENES (sizeof scenes / sizeof *scenes)

/* ---- a point --------------------------------------------------------------------------------- */

/* Where a scene begins and where it leads, and what is failing now. */
typedef struct point {
    const scene *scene;
    const sim_vfs *image;
    uint64_t before, after;
    char where[120];
} point;

static uint64_t look(const point *p, seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t digest = 0;
    if (story_digest_of(store, store_image_questions, STORE_IMAGE_QUESTIONS, &digest, &err) !=
        SEG_OK)
        ck_abort_msg("%s: read: %s", p->where, err.message);
    return digest;
}

static bool is_poisoned(seg_store *store)
{
    seg_store_stats stats = {.struct_size = sizeof stats};
    ck_assert_msg(seg_store_get_stats(store, &stats, NULL) == SEG_OK, "stats");
    return stats.poisoned != 0;
}

static void reopen(const point *p, scene_run *run, uint32_t flags)
{
    seg_error err = SEG_ERROR_INIT;
    if (run->store != NULL)
        (void)act_close(run, NULL);
    if (scene_open(run, STORE_IMAGE_FILE, flags, &run->store, &err) != SEG_OK)
        ck_abort_msg("%s: open: %s", p->where, err.message);
}

static void act(const point *p, scene_run *run)
{
    seg_error err = SEG_ERROR_INIT;
    if (run->store != NULL && (p->scene->flags & SCENE_CLOSED) != 0)
        (void)act_close(run, NULL);
    if (p->scene->act(run, &err) != SEG_OK)
        ck_abort_msg("%s: once more: %s", p->where, err.message);
}

/* The other file is there wholly or not at all; `whole`: it is, with all that the store has. What
 * was salvaged under failing reads lacks what could not be read. */
static void look_at_copy(const point *p, scene_run *run, bool whole)
{
    seg_store *copy = NULL;
    seg_error err = SEG_ERROR_INIT;
    if (!whole && !sim_vfs_exists(run->sim, COPY))
        return;
    if (scene_open(run, COPY, SEG_STORE_READ_ONLY, &copy, &err) != SEG_OK)
        ck_abort_msg("%s: copy: %s", p->where, err.message);
    uint64_t digest = look(p, copy);
    ck_assert_msg(!whole || digest == p->before, "%s: the copy differs", p->where);
    ck_assert_msg(story_is_sound(copy), "%s: the copy is damaged", p->where);
    ck_assert_int_eq(seg_store_close(copy, NULL), SEG_OK);
    sim_vfs_remove(run->sim, COPY);
}

/* Nothing fails any more: the store is at one of its two states, and goes on to the second. */
static void settle(const point *p, scene_run *run, bool acknowledged)
{
    uint32_t create = (p->scene->flags & SCENE_NEW) != 0 ? SEG_STORE_CREATE : 0;
    bool poisoned = run->store != NULL && is_poisoned(run->store);
    bool removing = poisoned && (p->scene->flags & SCENE_REMOVES) != 0;
    if (run->store != NULL) {
        uint64_t digest = look(p, run->store);
        ck_assert_msg(digest == (acknowledged ? p->after : p->before) ||
                          (removing && digest == p->after),
                      "%s: shows another state", p->where);
    }
    if ((p->scene->flags & SCENE_COPIES) != 0)
        look_at_copy(p, run, false);
    reopen(p, run, create);
    uint64_t digest = look(p, run->store);
    ck_assert_msg(digest == (acknowledged ? p->after : p->before) ||
                      (poisoned && digest == p->after),
                  "%s: another state once it is open again", p->where);
    if (!acknowledged && digest == p->before)
        act(p, run);
    if ((p->scene->flags & SCENE_COPIES) != 0 && !acknowledged)
        look_at_copy(p, run, true);
}

static void finish(const point *p, scene_run *run)
{
    if (run->store != NULL)
        ck_assert_msg(act_close(run, NULL) == SEG_OK, "%s: close", p->where);
    reopen(p, run, SEG_STORE_READ_ONLY);
    ck_assert_msg(look(p, run->store) == p->after, "%s: not where it leads", p->where);
    ck_assert_msg(story_is_sound(run->store), "%s: damage", p->where);
    ck_assert_msg(act_close(run, NULL) == SEG_OK, "%s: last close", p->where);
    ck_assert_msg(mem_fault_live_bytes(&run->fault) == 0, "%s: %llu bytes are left", p->where,
                  (unsigned long long)mem_fault_live_bytes(&run->fault));
    check_fast(sim_vfs_open_files(run->sim) == 0);
    check_fast(!sim_vfs_sync_repeated(run->sim));
    sim_vfs_destroy(run->sim);
}

static void begin(const point *p, scene_run *run)
{
    seg_error err = SEG_ERROR_INIT;
    memset(run, 0, sizeof *run);
    mem_fault_init(&run->fault);
    run->before = p->before;
    run->sim = (p->scene->flags & SCENE_NEW) != 0 ? sim_vfs_create(1) : sim_vfs_copy(p->image);
    if ((p->scene->flags & SCENE_CLOSED) == 0 && act_open(run, &err) != SEG_OK)
        ck_abort_msg("%s: %s", p->where, err.message);
}

/* A failure has a status that fits and a message. */
static void check_failure(const point *p, scene_run *run, seg_status status, seg_status wanted,
                          const seg_error *err)
{
    bool poisoned = run->store != NULL && is_poisoned(run->store);
    bool gone = run->store == NULL; /* closing has poisoned it first */
    if (status != wanted && !(status == SEG_E_POISONED && (poisoned || gone)))
        ck_abort_msg("%s: %s instead of %s: %s", p->where, seg_status_name(status),
                     seg_status_name(wanted), err->message);
    ck_assert_msg(err->code == status && err->message[0] != '\0', "%s: no message", p->where);
}

/* False when the scene has ended before the call. */
static bool call_fails(point *p, uint64_t nth, size_t failure, bool for_ever)
{
    scene_run run;
    seg_error err = SEG_ERROR_INIT;
    snprintf(p->where, sizeof p->where, "%s: call %llu errno %d %s", p->scene->name,
             (unsigned long long)nth, failures[failure].os_errno, for_ever ? "for ever" : "once");
    begin(p, &run);
    sim_vfs_fail(run.sim, nth, failures[failure].os_errno, for_ever);
    seg_status status = p->scene->act(&run, &err);
    bool reached = sim_vfs_failed(run.sim);
    ck_assert_msg(reached || status == SEG_OK, "%s: %s", p->where, err.message);
    sim_vfs_fail(run.sim, 0, 0, false);
    if (status != SEG_OK)
        check_failure(p, &run, status, failures[failure].status, &err);
    settle(p, &run, status == SEG_OK);
    finish(p, &run);
    return reached;
}

static bool allocation_fails(point *p, uint64_t nth, bool for_ever)
{
    scene_run run;
    seg_error err = SEG_ERROR_INIT;
    snprintf(p->where, sizeof p->where, "%s: allocation %llu %s", p->scene->name,
             (unsigned long long)nth, for_ever ? "for ever" : "once");
    begin(p, &run);
    if (for_ever)
        mem_fault_fail_at(&run.fault, nth);
    else
        mem_fault_fail_once(&run.fault, nth);
    seg_status status = p->scene->act(&run, &err);
    bool reached = mem_fault_has_failed(&run.fault);
    ck_assert_msg(reached || status == SEG_OK, "%s: %s", p->where, err.message);
    mem_fault_fail_at(&run.fault, 0);
    if (status != SEG_OK)
        check_failure(p, &run, status, SEG_E_NOMEM, &err);
    /* A lack of memory poisons only what is being removed. */
    ck_assert_msg((p->scene->flags & SCENE_REMOVES) != 0 || run.store == NULL ||
                      !is_poisoned(run.store),
                  "%s: poisoned", p->where);
    settle(p, &run, status == SEG_OK);
    finish(p, &run);
    return reached;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* The scene as it goes where nothing fails. */
static point rehearse(const scene *sc, const sim_vfs *image)
{
    scene_run run;
    point p = {.scene = sc, .image = image};
    snprintf(p.where, sizeof p.where, "%s", sc->name);
    begin(&p, &run);
    if (run.store == NULL)
        reopen(&p, &run, (sc->flags & SCENE_NEW) != 0 ? SEG_STORE_CREATE : 0);
    run.before = p.before = look(&p, run.store);
    act(&p, &run);
    if ((sc->flags & SCENE_COPIES) != 0)
        look_at_copy(&p, &run, true);
    if (run.store == NULL)
        reopen(&p, &run, 0);
    p.after = look(&p, run.store);
    finish(&p, &run);
    return p;
}

START_TEST(test_store_scenes__every_call_fails)
{
    sim_vfs *image = store_image_make(SEG_ID_BYTES);
    uint64_t points = 0, step = check_amount(1, 61, 397, 1);
    for (size_t s = 0; s < SCENES; s++) {
        point p = rehearse(&scenes[s], image);
        for (size_t i = 0; i < 2 * FAILURES; i++)
            for (uint64_t nth = 1 + i % step; call_fails(&p, nth, i / 2, i % 2 == 1); nth += step)
                points++;
    }
    printf("%llu calls\n", (unsigned long long)points);
    ck_assert_uint_gt(points * step, 20000);
    sim_vfs_destroy(image);
}
END_TEST

START_TEST(test_store_scenes__every_allocation_fails)
{
    sim_vfs *image = store_image_make(SEG_ID_BYTES);
    uint64_t points = 0, step = check_amount(1, 61, 397, 1);
    for (size_t s = 0; s < SCENES; s++) {
        point p = rehearse(&scenes[s], image);
        for (uint64_t i = 0; i < 2; i++)
            for (uint64_t nth = 1 + i % step; allocation_fails(&p, nth, i == 1); nth += step)
                points++;
    }
    printf("%llu allocations\n", (unsigned long long)points);
    ck_assert_uint_gt(points * step, 10000);
    sim_vfs_destroy(image);
}
END_TEST

/* Scenes that change something do. */
START_TEST(test_store_scenes__each_leads_somewhere)
{
    sim_vfs *image = store_image_make(SEG_ID_BYTES);
    uint32_t changing = 0;
    for (size_t s = 0; s < SCENES; s++) {
        point p = rehearse(&scenes[s], image);
        changing += p.before != p.after;
    }
    ck_assert_uint_eq(changing, 10);
    sim_vfs_destroy(image);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/store_scenes");
#ifdef M_TRIM_THRESHOLD
    /* Each point takes and gives back the same megabytes: keep them. */
    mallopt(M_TRIM_THRESHOLD, 1 << 28);
    mallopt(M_MMAP_THRESHOLD, 1 << 28);
#endif
    TCase *calls = tcase_create("calls"), *allocations = tcase_create("allocations");
    tcase_set_timeout(calls, 36000);
    tcase_set_timeout(allocations, 36000);
    tcase_add_test(calls, test_store_scenes__every_call_fails);
    tcase_add_test(allocations, test_store_scenes__each_leads_somewhere);
    tcase_add_test(allocations, test_store_scenes__every_allocation_fails);
    suite_add_tcase(s, calls);
    suite_add_tcase(s, allocations);
    return s;
}
