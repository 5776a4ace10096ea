#!/usr/bin/env bash
# tests/soak.sh [MINUTES]: long random runs, for hours when nobody waits. `./dev soak` builds the
# library and calls this. Each round takes a new seed and prints it, so that what is found can be
# run again; the first failure ends the run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
minutes=${1:-30}
end=$((SECONDS + minutes * 60))

ninja -C "$build" tests/model/model_random tests/model/model_order tests/unit/unit_store_fault \
    tests/unit/unit_lang_print \
    tests/unit/unit_disk_{crash,damage,fault,kill,readers} \
    tests/unit/unit_store_store_{crash,damage,erase,fault,forged} \
    tests/unit/unit_store_store_{golden,kill,salvage,scenes,threads} \
    >/dev/null
export LD_LIBRARY_PATH=$build/src

echo "every allocation of the store's scenario fails once"
SEG_TEST_SOAK=1 CK_TIMEOUT_MULTIPLIER=60 "$build/tests/unit/unit_store_fault"

for name in crash damage fault kill readers; do
    echo "a store on disk: $name"
    SEG_TEST_SOAK=1 CK_TIMEOUT_MULTIPLIER=60 "$build/tests/unit/unit_disk_$name"
done

for name in scenes golden threads kill forged salvage erase damage fault crash; do
    echo "a whole store: $name"
    SEG_TEST_SOAK=1 CK_TIMEOUT_MULTIPLIER=60 "$build/tests/unit/unit_store_store_$name"
done

echo "a million random predicates keep their meaning as text and as JSON"
SEG_TEST_SOAK=1 CK_TIMEOUT_MULTIPLIER=60 "$build/tests/unit/unit_lang_print"

seed=$(date +%s)
rounds=0
while ((SECONDS < end)); do
    echo "seed $seed"
    "$build/tests/model/model_random" --seed "$seed" --pairs 50000 --seconds 600
    "$build/tests/model/model_random" --seed "$seed" --pairs 20000 --seconds 300 \
        --files "$build/tests/model"
    "$build/tests/model/model_order" --seed "$seed" --permutations 5000
    SEG_SQL_SECONDS=7200 "$root/tests/sql/test.sh" --seed "$seed" --sets 60 --pairs 250 --agree 9000
    seed=$((seed + 1))
    rounds=$((rounds + 1))
done
echo "$rounds passed, 0 failed"
