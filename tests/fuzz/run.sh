#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh NAME...: each of $O/tests/fuzz/fuzz_NAME for FUZZ_SECONDS. What it finds to be worth
# keeping stays in $O/corpus/NAME and begins the next run, with the seeds of tests/fuzz/corpus/NAME.
# Prints a line for each and `N passed, N failed`; the input that broke one stays in $O.
set -u

# fuzz NAME: libFuzzer's report on standard output
fuzz() {
	local dirs=("$O/corpus/$1")

	mkdir -p "${dirs[0]}"
	[ ! -d "tests/fuzz/corpus/$1" ] || dirs+=("tests/fuzz/corpus/$1")
	"$O/tests/fuzz/fuzz_$1" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$O/$1-" "${dirs[@]}" 2>&1
}

# figure NAME: the value of this final statistic
figure() {
	sed -n "s/^stat::$1: *//p" "$log"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
for name; do
	if fuzz "$name" >"$log" && [ "$(figure number_of_executed_units)" -gt 0 ]; then
		coverage=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
		echo "ok $name: $(figure number_of_executed_units) runs in $FUZZ_SECONDS s," \
			"${coverage:-0} edges, $(figure peak_rss_mb) MB"
		passed=$((passed + 1))
	else
		echo "FAILED $name"
		grep -vE '^(#[0-9]|INFO|	?NEW_FUNC)' "$log" | head -n 60
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
