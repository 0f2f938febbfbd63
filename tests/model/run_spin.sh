#!/bin/sh
# Checks wakeup.pml with spin (Debian package `spin`): the right protocol must show no error in a
# search without reduction or bound, the broken one must show one.
# Usage: run_spin.sh [wakeup.pml]. Exit: 0 proven, 1 not, 77 skipped because a tool is missing.
set -eu

model=$(realpath "${1:-$(dirname "$0")/wakeup.pml}")
compiler=${CC:-cc}
for tool in spin "$compiler"; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# check NAME DEPTH [-Dname[=value]...]: leaves the verifier's report in ./report.
check() {
    echo "== $1"
    depth=$2
    shift 2
    spin "$@" -a "$model"
    # SAFETY: assertions and end states, no cycles. NOREDUCE: every order, not one of each kind.
    "$compiler" -O2 -w -DSAFETY -DNOREDUCE -DMEMLIM=1024 -o pan pan.c
    ./pan -m"$depth" >report 2>&1 || true
    grep -E 'errors:|states, stored|pan:' report || true
    # A search that stopped at a limit proves nothing.
    limits='max search depth too small|out of memory|memory limit|Search not completed'
    if grep -qE "$limits" report &&
        grep -q 'errors: 0' report; then
        echo "failed: the search is not complete"
        exit 1
    fi
}

expect_right() {
    check "$@"
    grep -q 'errors: 0' report || { echo "failed: errors in the protocol"; cat report; exit 1; }
}

expect_caught() {
    check "$@"
    grep -q 'errors: [1-9]' report || { echo "failed: the broken protocol passed"; exit 1; }
}

expect_right 'one producer, four messages' 100000 -DPRODUCERS=1 -DMESSAGES=4
expect_right 'two producers, two messages each' 1000000 -DPRODUCERS=2 -DMESSAGES=2
expect_right 'three producers, one message each' 1000000 -DPRODUCERS=3 -DMESSAGES=1
expect_caught 'broken: looks, then announces' 100000 -DPRODUCERS=1 -DMESSAGES=1 -DBROKEN
echo 'proven'
