#!/usr/bin/env bash
# demo/demo.sh [SEG] - the program seg at work on 50,000 made-up customers and 1,000,000 events.
#
# `./dev demo` builds the program and calls this. Everything happens in a folder of its own, which
# is removed at the end.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
seg=${1:-$root/build/release/cli/seg}
[[ -x $seg ]] || { echo "demo: there is no program $seg; run ./dev build" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[[ -t 1 && -z ${NO_COLOR:-} ]] || say() { printf '\n== %s\n' "$*"; }

say "1. made-up data: customers as JSON lines, a year of events as CSV"
"$seg" generate --users 50000 --events 1000000 --seed 2026 \
    --out-users customers.jsonl --out-events events.csv
ls -l customers.jsonl events.csv | awk '{ printf "%12d bytes  %s\n", $5, $NF }'
head -n 1 customers.jsonl
head -n 4 events.csv

say "2. a few rows that nobody should believe"
# Wrong on purpose: a day that does not exist, text for a number, no user, too few fields, and a
# quote that is never closed.
cat >>events.csv <<'ROWS'
u7,purchase,2025-02-30T10:00:00Z,19.99,shoes,SKU-1,false,,,,,,,
u8,purchase,2025-06-01T10:00:00Z,a lot,shoes,SKU-1,false,,,,,,,
,purchase,2025-06-01T10:00:00Z,19.99,shoes,SKU-1,false,,,,,,,
u9,purchase,2025-06-01T10:00:00Z
u10,purchase,2025-06-01T10:00:00Z,19.99,"shoes,SKU-1,false,,,,,,,
ROWS
tail -n 5 events.csv

say "3. import, five segments, and questions"
# \ at the end of a line continues a statement.
cat >questions.seg <<'QUESTIONS'
stats

-- behaviour: opens the app all the time
define segment "engaged" as did "app_open" at least 5 times in last 7 days

-- demographic and geographic: working, well paid, around New York, no purchase for a while
define segment "new york" as home within 50 km of point(40.7128, -74.0060) \
    and employed and income between 40000 and 150000 and not did "purchase" in last 30 days

-- psychographic: what they care about
define segment "outdoor" as interests has any ("hiking", "camping", "photography")

-- value: often and much
define segment "big spenders" as sum(amount) of "purchase" in last 365 days >= 300 \
    and count of "purchase" in last 365 days >= 3

-- win-back: bought once, silent for 60 days, and not the ones who wanted their money back
define segment "win back" as did "purchase" and last "purchase" older than 60 days \
    and did not "app_open" in last 30 days except did "refund"

count in segment "engaged"
count in segment "new york"
count in segment "outdoor"
count in segment "big spenders"
count in segment "win back"

-- segments combine
count in segment "outdoor" and in segment "big spenders" and not in segment "win back"

list in segment "win back" and in segment "big spenders" \
    show country, plan, age, sum(amount) of "purchase" as spent, \
         last(@time) of "purchase" as last_purchase limit 5

explain analyze in segment "new york" and plan in ("pro", "enterprise")
QUESTIONS
"$seg" --echo --timer --events events.csv --rejects rejected.csv --users customers.jsonl \
    --now 2026-01-01 -f questions.seg 2>&1

say "4. the refused rows, in a file"
cat rejected.csv

say "5. is this one in it? the exit code says so, as grep's does"
seg_quiet=("$seg" --quiet --users customers.jsonl)
for customer in u1 u2 u3 u4 u5; do
    if "${seg_quiet[@]}" -test "$customer" 'interests has any ("travel", "dance")'; then
        echo "$customer: yes, travels or dances"
    else
        echo "$customer: no"
    fi
done

say "6. a typing error"
"$seg" --quiet -c 'generate --users 100 --events 2000' \
    -c 'count did "purchase" in last 30 dasy' || true

say "7. for other programs: CSV, JSON, ids"
"$seg" --quiet --users customers.jsonl --mode jsonl \
    -c 'list country = "KR" and age < 21 show age, plan, interests limit 3'
