#!/usr/bin/env python3
"""Write zone_cases.h: time zone files, and what Python's zoneinfo makes of them.

    make_zone_cases.py [TZDATA_ZI] > zone_cases.h

TZDATA_ZI is the text form of the IANA database (default: the system's). The compiler zic makes
slim files of it, which end their table where the rule of the footer takes over; the files are
part of the output, so that the test does not depend on the database of the machine it runs on.
For each zone follow the stretches of constant offset between 1901 and 2100. zoneinfo is a reader
of its own: nothing here shares code with the library.
"""
import datetime
import io
import pathlib
import subprocess
import sys
import tempfile
import zoneinfo

ZONES = """
    Africa/Cairo Africa/Casablanca America/Caracas America/Havana America/New_York America/Nuuk
    America/Santiago America/Sao_Paulo America/St_Johns Antarctica/Troll Asia/Gaza Asia/Jerusalem
    Asia/Kathmandu Asia/Kolkata Asia/Tehran Asia/Tokyo Australia/Lord_Howe Australia/Sydney
    Etc/GMT+5 Europe/Berlin Europe/Dublin Europe/Lisbon Europe/London Europe/Moscow Pacific/Apia
    Pacific/Chatham
""".split()
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
BEGIN = int((datetime.datetime(1901, 1, 1, tzinfo=datetime.timezone.utc) - EPOCH).total_seconds())
END = int((datetime.datetime(2101, 1, 1, tzinfo=datetime.timezone.utc) - EPOCH).total_seconds())
STEP = 6 * 3600  # no zone changed its offset and back within six hours


def offset_at(zone, seconds):
    instant = EPOCH + datetime.timedelta(seconds=seconds)
    return int(instant.astimezone(zone).utcoffset().total_seconds())


def stretches(zone):
    """Yield (first second, offset) of each stretch from BEGIN to END."""
    last = offset_at(zone, BEGIN)
    yield BEGIN, last
    for start in range(BEGIN, END, STEP):
        end = min(start + STEP, END - 1)
        if offset_at(zone, end) == last:
            continue
        low, high = start, end
        while high - low > 1:
            middle = (low + high) // 2
            if offset_at(zone, middle) == last:
                low = middle
            else:
                high = middle
        last = offset_at(zone, high)
        yield high, last


def write_numbers(numbers):
    line = "   "
    for number in numbers:
        item = f" {number},"
        if len(line) + len(item) > 98:
            print(line)
            line = "   "
        line += item
    print(line)


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/zoneinfo/tzdata.zi"
    version = pathlib.Path(source).read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")
    print("/* Made by make_zone_cases.py from tzdata, " + version + ". Do not edit.\n"
          " *\n"
          " * steps: seconds since the step before (the first: since 1970), then the offset from\n"
          " * there on, from 1901 to the end of 2100. */\n"
          "#ifndef SEG_TEST_ZONE_CASES_H\n#define SEG_TEST_ZONE_CASES_H\n\n"
          "#include <stddef.h>\n#include <stdint.h>\n")
    print("/* clang-format off */\n")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["zic", "-b", "slim", "-d", folder, source], check=True,
                       stderr=subprocess.DEVNULL)
        for index, name in enumerate(ZONES):
            content = (pathlib.Path(folder) / name).read_bytes()
            zone = zoneinfo.ZoneInfo.from_file(io.BytesIO(content))
            print(f"static const unsigned char zone_file_{index}[] = {{")
            write_numbers(content)
            print(f"}};\nstatic const int64_t zone_steps_{index}[] = {{")
            before = 0
            numbers = []
            for start, offset in stretches(zone):
                numbers += [start - before, offset]
                before = start
            write_numbers(numbers)
            print("};\n")
    print("static const struct {\n    const char *name;\n    const unsigned char *file;\n"
          "    size_t file_size;\n    const int64_t *steps;\n    size_t step_count;\n"
          "} zone_cases[] = {")
    for index, name in enumerate(ZONES):
        print(f'    {{"{name}", zone_file_{index}, sizeof zone_file_{index},\n'
              f"     zone_steps_{index}, sizeof zone_steps_{index} / 16}},")
    print("};\n#define ZONE_CASE_COUNT (sizeof zone_cases / sizeof zone_cases[0])\n")
    print("/* clang-format on */\n\n#endif /* SEG_TEST_ZONE_CASES_H */")


main()
