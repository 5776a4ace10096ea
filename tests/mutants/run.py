#!/usr/bin/env python3
"""Deliberate mistakes in what keeps a store safe: each must make a test fail.

    tests/mutants/run.py [--list] [--build FOLDER] [PART-OF-A-NAME...]

A copy of the source is made in build/mutants (or FOLDER) and built there; the source itself is
never touched. One mistake after the other is put into the copy, the tests that it names are built
and run in turn until one fails, and the mistake is taken out again. Ends with 1 where a mistake
survives, where its text is not in the file exactly once, or where a test fails without any.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
# A test that takes so many times as long as without a mistake, and a minute more, hangs.
PATIENCE = 10

POWER = ("disk_crash", "store_store_crash")
FAULT = ("disk_fault", "store_store_fault")
DAMAGE = ("disk_damage", "store_store_golden")
LIFE = ("store_store_crash", "store_store_kill")
ERASE = ("store_store_erase",)


class Mutant(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    tests: tuple  # programs tests/unit/unit_NAME, the quickest first


PUBLISH = "src/disk/disk_publish.c"
LOG = "src/disk/disk_log.c"
SCAN = "src/disk/disk_scan.c"
OPEN = "src/disk/disk_open.c"
BLOCK = "src/disk/disk_block.c"
FORMAT = "src/disk/disk_format.c"
SALVAGE = "src/disk/disk_salvage.c"

# Two syncs are not named here, since no test can miss them: that of the folder in
# segi_disk_build_end(), which the opening that follows repeats, and the one after the log was cut,
# without which a log may stay longer by zeros.
MUTANTS = [
    # ---- syncs
    Mutant("sync: catalogue before the superblock", PUBLISH,
           "    if (status == SEG_OK)\n"
           "        status = segi_disk_sync_file(disk, &disk->file, err);\n"
           "    if (status != SEG_OK) {\n        segi_extents_add(&disk->dirty, catalogue",
           "    if (status != SEG_OK) {\n        segi_extents_add(&disk->dirty, catalogue", POWER),
    Mutant("sync: superblock", PUBLISH,
           "    return segi_disk_sync_file(disk, &disk->file, err);\n}\n\n"
           "seg_status segi_disk_publish_super",
           "    return SEG_OK;\n}\n\nseg_status segi_disk_publish_super", POWER),
    Mutant("sync: zeros before reuse", PUBLISH,
           "return disk->options.keep_freed ? SEG_OK : "
           "segi_disk_sync_file(disk, &disk->file, err);",
           "return SEG_OK;", POWER),
    Mutant("sync: new log", LOG,
           "    SEGI_TRY(segi_disk_sync_file(disk, file, err));\n", "", POWER),
    Mutant("sync: folder of a new log", LOG,
           "    return segi_vfs_sync_directory(disk->vfs, disk->log_path, err);",
           "    return SEG_OK;", POWER),
    Mutant("sync: zeros of a new step of the log", LOG,
           "    SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));\n"
           "    SEGI_TRY(segi_disk_log_claim", "    SEGI_TRY(segi_disk_log_claim", POWER),
    Mutant("sync: zeros before the header of an emptied log", LOG,
           "    if (log->grown || log->touched > DISK_LOG_HEADER)\n"
           "        SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));\n",
           "", POWER),
    Mutant("sync: emptied log", LOG,
           "    SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));\n"
           "    if (log->size <= header->file_size)",
           "    if (log->size <= header->file_size)", POWER),
    Mutant("sync: record", LOG,
           "    SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));\n    log->durable_lsn",
           "    log->durable_lsn", POWER),
    Mutant("sync: settled log", OPEN,
           "    SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));\n    log->grown = false;",
           "    log->grown = false;", POWER),
    Mutant("sync: folder at opening", OPEN,
           "    SEGI_TRY(segi_vfs_sync_directory(disk->vfs, disk->path, err));\n", "", POWER),
    # ---- zeros
    Mutant("zeros: dropped extents", PUBLISH,
           "        SEGI_TRY(segi_file_zero(&disk->file, dirty->list[i].offset, size, err));\n", "",
           POWER),
    Mutant("zeros: emptied log", LOG,
           "        SEGI_TRY(segi_file_zero(&log->file, DISK_LOG_HEADER, log->touched - "
           "DISK_LOG_HEADER, err));", "        ;", POWER),
    Mutant("zeros: behind the last record", OPEN,
           "            segi_file_zero(&log->file, log->end.position, log->touched - "
           "log->end.position, err));", "            SEG_OK);", POWER),
    Mutant("zeros: suspect gaps after a crash", OPEN,
           "bool suspect = !disk->options.keep_freed && "
           "(disk->super.flags & DISK_FLAG_TIDY) == 0;",
           "bool suspect = false;", POWER),
    # ---- generations, epochs, pins
    Mutant("epoch: no jump at opening", OPEN, "    disk->epoch += EPOCH_JUMP;\n", "",
           POWER + DAMAGE),
    Mutant("epoch: a log newer than its superblock is taken", SCAN,
           "    if (log->header.epoch > disk->super.log_epoch)",
           "    if (log->header.epoch == UINT64_MAX)", DAMAGE),
    Mutant("epoch: an obsolete log is replayed", SCAN,
           "    return disk->log.header.epoch < disk->super.log_epoch;", "    return 0;", POWER),
    Mutant("pins: nobody is waited for", PUBLISH, " && block->dropped <= oldest)", ")",
           ("disk_disk", "disk_readers", "store_store_crash", "store_store_threads")),
    Mutant("publish: published blocks are reused", PUBLISH, " && !block->published && ", " && ",
           POWER),
    Mutant("pins: an old one is not told that it ended", PUBLISH,
           "        atomic_store_explicit(&pin->expired, true, memory_order_release);\n", "",
           ("disk_disk", "store_keep")),
    Mutant("pins: old ones never end", PUBLISH, "        pins_expire(disk, now);", "        ;",
           ("disk_disk", "store_keep")),
    Mutant("space: no room for what is behind the end", OPEN, "to, gaps->count + 1)",
           "to, gaps->count)", ("disk_disk",)),
    Mutant("space: the copy of the catalogue is taken for free room", "src/disk/disk_space.c",
           "    if (copy->offset != 0)\n", "    if (copy->offset == 1)\n",
           ("disk_disk",) + DAMAGE),
    # ---- salvage
    Mutant("salvage: the newest copy counts, published or not", SALVAGE,
           "search_has_log(search, copy) ? 2 : 0", "0", ("disk_damage",)),
    Mutant("salvage: no look for a copy", SALVAGE,
           "entry.kind < DISK_CATALOGUE_KIND || entry.offset != offset",
           "entry.offset != offset + 1", ("disk_damage",)),
    Mutant("salvage: a lost text keeps its code", "src/store/salvage_rows.c",
           "state = code == UINT32_MAX ? SEG_VALUE_ABSENT : state;", "code = 0 * code;",
           ("store_store_salvage",)),
    Mutant("salvage: rows of lost users stay", "src/store/salvage_rows.c",
           "        if (p->users[row] == UINT32_MAX)\n            continue;\n",
           "        if (p->users[row] == UINT32_MAX)\n            p->users[row] = 0;\n",
           ("store_store_salvage",)),
    Mutant("salvage: ties are forgotten", "src/store/salvage_rows.c",
           "w->run->has_ties ? segi_col_slot(&p->part->tie, row) : 0", "0",
           ("store_store_salvage",)),
    # ---- poison
    Mutant("poison: failed sync", "src/disk/disk.c",
           "    if (status != SEG_OK)\n        disk->poisoned = true;\n    return status;\n}\n\n"
           "/* ---- numbers", "    return status;\n}\n\n/* ---- numbers", FAULT),
    Mutant("poison: failed superblock", PUBLISH,
           "    if (status != SEG_OK) {\n        disk->poisoned = true;\n        return status;",
           "    if (status != SEG_OK) {\n        return status;", FAULT),
    Mutant("poison: failed emptying of the log", LOG,
           "        log_begin(disk, &header);\n    else\n        disk->poisoned = true;",
           "        log_begin(disk, &header);", FAULT),
    Mutant("poison: failed record", LOG, "!= SEG_OK)\n        disk->poisoned = true;\n    return",
           "!= SEG_OK)\n        disk->poisoned = false;\n    return", FAULT),
    # ---- checksums and names
    Mutant("checksum: the parent's of a block", BLOCK, "found.sum != entry->sum || ", "", DAMAGE),
    Mutant("checksum: payload of a block", BLOCK,
           " || segi_disk_payload_sum(entry, disk->uuid_low, out) != sum)", ")", DAMAGE),
    Mutant("checksum: superblocks and the log's header", FORMAT,
           " ||\n        segi_get_at(bytes + CHECKSUM_AT, 8) != "
           "segi_xxh3(bytes, CHECKSUM_AT, 0))", ")", DAMAGE),
    Mutant("checksum: chain of records", SCAN,
           " ||\n        record.chain != segi_disk_record_chain(bytes, cursor->chain, "
           "payload->data, done))", ")", DAMAGE + POWER),
    Mutant("checksum: a last record that was changed is taken for torn", SCAN,
           "    if (blank > record.blank)\n", "    if (true)\n", DAMAGE),
    Mutant("checksum: what is no record is taken for torn", SCAN,
           "    if (segi_disk_is_zero(bytes, DISK_SECTOR))\n        return SEG_OK;",
           "    if (true)\n        return SEG_OK;", DAMAGE),
    Mutant("checksum: sectors of zeros are not counted", FORMAT,
           "    record->blank = record_blank(payload, (size_t)record->size);\n", "", DAMAGE),
    Mutant("checksum: a torn record is taken for a changed one", SCAN,
           "    if (blank > record.blank)\n", "    if (false)\n", POWER),
    Mutant("checksum: no look behind the last record", SCAN,
           "record.epoch < end->epoch || record.durable_lsn <= end->lsn;", "true;", DAMAGE),
    Mutant("name: the log of another store", SCAN,
           "    if (memcmp(log->header.uuid, disk->super.uuid, sizeof log->header.uuid) != 0)",
           "    if (false)", DAMAGE),
    Mutant("name: the size of a log that has grown", LOG,
           "    header.file_size = size;\n", "", ("disk_damage",)),
    Mutant("name: the size of the log", SCAN, "    if (log->size < log->header.file_size)",
           "    if (false)", DAMAGE),
    Mutant("name: the size of the file", OPEN, "    if (*out_actual < disk->super.end)",
           "    if (false)", DAMAGE),
    # ---- what a whole store keeps
    Mutant("store: commits are not logged", "src/store/commit.c",
           "    seg_status status = segi_keep_log(c->store, &record, c->err);",
           "    seg_status status = SEG_OK;", LIFE),
    Mutant("store: definitions are not logged", "src/store/define.c",
           "        status = segi_keep_log(store, &record, err);", "        ;", LIFE),
    Mutant("store: saved segments are not logged", "src/store/define.c",
           "    seg_status status = segi_keep_log(store, &record, err);",
           "    seg_status status = SEG_OK;", LIFE),
    Mutant("store: tokens are not kept by a checkpoint", "src/store/root.c",
           "segi_put_u32(w->buf, (uint32_t)tokens->count);\n"
           "    for (size_t i = 0; i < tokens->count; i++) {",
           "segi_put_u32(w->buf, 0);\n    for (size_t i = 0; i < 0 * tokens->count; i++) {", LIFE),
    Mutant("store: event ids are forgotten at opening", "src/store/load.c",
           "        if (group->loaded)\n            continue;",
           "        if (true)\n            continue;", LIFE),
    Mutant("store: blocks out of use are never dropped", "src/store/checkpoint.c",
           "        status = checkpoint_drop_unnamed(c, &names);\n", "        ;\n", LIFE),
    Mutant("store: runs out of use are never dropped", "src/store/checkpoint.c",
           "    SEGI_TRY(segi_store_drop_retired(store, c->disk, c->err));\n", "", LIFE),
    # ---- what is erased
    Mutant("erase: zeros over what was dropped", PUBLISH,
           "        SEGI_TRY(segi_file_zero(&disk->file, dirty->list[i].offset, size, err));\n", "",
           ERASE),
    Mutant("erase: zeros over the emptied log", LOG,
           "        SEGI_TRY(segi_file_zero(&log->file, DISK_LOG_HEADER, log->touched - "
           "DISK_LOG_HEADER, err));", "        ;", ERASE),
    Mutant("erase: no checkpoint before the return", "src/store/removal.c",
           "    seg_status status = segi_checkpoint_step(store, 0, &more, err);",
           "    seg_status status = SEG_OK;", ERASE),
    Mutant("erase: forgotten strings stay in their sheets", "src/store/strings.c",
           "    segi_sheets_touch(&next->sheets, dead);\n", "", ERASE),
    Mutant("erase: forgotten numbers stay in their sheets", "src/store/ids.c",
           "    segi_sheets_touch(&s->sheets, dead);\n", "", ERASE),
    Mutant("erase: event ids stay in their sheets", "src/store/dedup.c",
           "            segi_sheets_clear(&group->sheets);", "            ;", ERASE),
    Mutant("erase: texts that nobody uses stay", "src/store/removal.c",
           "        } else {\n            segi_bit_set(codes, i);",
           "        } else {\n            segi_bit_clear(codes, i);", ERASE),
    Mutant("erase: replaced runs keep their blocks", "src/store/removal.c",
           "        }\n    segi_store_retire(store, run);", "        }\n    segi_run_release(run);",
           ERASE),
    Mutant("erase: whose an event id is, is not kept", "src/store/dedup.c",
           "        record->user = user;\n        record->tag", "        record->user = 1;\n"
           "        record->tag", ERASE),
    Mutant("erase: forgotten ids look like empty ones", "src/store/checkpoint.c",
           "    checkpoint_forgotten(strings, begin, count, buf);\n", "", ERASE),
    Mutant("erase: no poison after a failure midway", "src/store/removal.c",
           "    segi_disk_poison(store->keep->disk);\n", "", FAULT),
    Mutant("erase: no room is made for the end of it", "src/store/checkpoint.c",
           "segi_disk_make_room(c->disk, again.sheets, again.bytes, root, c->err)",
           "segi_disk_make_room(c->disk, 0, 0 * again.bytes, 0 * root, c->err)", ERASE),
    Mutant("erase: closing leaves what a snapshot held back", "src/store/open.c",
           "        status = segi_disk_reclaim(store->keep->disk, 0, NULL, err);", "        ;",
           ERASE),
    Mutant("erase: expired first events are not kept", "src/store/root.c",
           "segi_put_u64(w->buf, store->firsts ? segi_run_id(store->firsts) : 0);",
           "segi_put_u64(w->buf, 0);", LIFE + ERASE),
    Mutant("erase: refused ids are not kept", "src/store/root.c",
           "    return get_refused(store, from, err);\n",
           "    SEGI_TRY(get_refused(store, from, err));\n    store->suppress.count = 0;\n"
           "    return SEG_OK;\n", LIFE),
    Mutant("erase: rules of retention are not logged", "src/store/expire.c",
           "    seg_status status = segi_keep_log(store, &record, err);",
           "    seg_status status = SEG_OK;", LIFE),
    Mutant("store: a run of other types is taken", "src/store/part_file.c",
           "    if (!run_fits(store, run)) {", "    if (false) {",
           ("store_part_load", "store_store_damage")),
]


def copy_source(to):
    """The files that git knows, so that builds and other folders stay behind."""
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True)
    for name in names.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != source.read_bytes():
                shutil.copy(source, target)


def configure(source, build):
    if (build / "build.ninja").exists():
        return
    # What a mistake leaves unused is no error here.
    subprocess.run(["meson", "setup", build, source, "-Dbuildtype=debugoptimized", "-Dwerror=false",
                    "-Ddefault_library=static", "-Dbench=false", "-Dcli=false"],
                   check=True, stdout=subprocess.DEVNULL)


def compile_tests(build, tests):
    done = subprocess.run(["ninja", "-C", build] + [f"tests/unit/unit_{t}" for t in tests],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the copy cannot be built:\n{done.stdout[-3000:]}")


def verdict(build, test, limit=None):
    """"fails" (also where it dies), "hangs" or None. Check must not fork: it gives its children a
    process group of their own, and one that hangs would go on for ever."""
    env = dict(os.environ, SEG_TEST_DATA=str(ROOT / "tests/data"), SEG_SOURCE_ROOT=str(ROOT),
               CK_FORK="no")
    process = subprocess.Popen([build / f"tests/unit/unit_{test}"], env=env, cwd=build,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        return "fails" if process.wait(limit) != 0 else None
    except subprocess.TimeoutExpired:
        return "hangs"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def rehearse(build, tests):
    """How long each test may take; ends the script where one fails without any mistake."""
    limits, broken = {}, []
    for test in tests:
        start = time.monotonic()
        if verdict(build, test):
            broken.append(test)
        limits[test] = 60 + PATIENCE * (time.monotonic() - start)
    if broken:
        sys.exit(f"without any mistake these fail: {', '.join(broken)}")
    return limits


def try_mutant(mutant, source, build, limits):
    """The test that finds it and how, or None."""
    path = source / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        sys.exit(f"{mutant.name}: its text is {text.count(mutant.old)} times in {mutant.file}")
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        for test in mutant.tests:
            compile_tests(build, [test])
            how = verdict(build, test, limits[test])
            if how:
                return f"{test} {how}"
        return None
    finally:
        path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="only name the mistakes")
    parser.add_argument("--build", type=Path, default=ROOT / "build/mutants")
    parser.add_argument("names", nargs="*", help="only mistakes whose names contain one of these")
    args = parser.parse_args()
    chosen = [m for m in MUTANTS if not args.names or any(n in m.name for n in args.names)]
    if args.list:
        print("\n".join(m.name for m in chosen))
        return 0
    source, build = args.build.resolve() / "source", args.build.resolve() / "build"
    copy_source(source)
    configure(source, build)
    tests = sorted({t for m in chosen for t in m.tests})
    compile_tests(build, tests)
    limits = rehearse(build, tests)
    survivors = 0
    for mutant in chosen:
        start = time.monotonic()
        found = try_mutant(mutant, source, build, limits)
        survivors += found is None
        seconds = time.monotonic() - start
        print(f"{found or 'SURVIVES':26} {seconds:5.0f} s  {mutant.name}", flush=True)
    print(f"{len(chosen) - survivors} passed, {survivors} failed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
