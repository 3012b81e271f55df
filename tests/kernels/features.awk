# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# features.awk -v kernel=RELEASE FEATURES METRICS: whether the page agrees with the list.

function number(version, part) {
	split(version, part, /[.-]/)
	return part[1] * 1000 + part[2]
}

function complain(text) {
	print text
	failed = 1
}

function label(line) {
	gsub(/.*="|".*/, "", line)
	return line
}

FNR == NR {
	if (/^#/ || !NF)
		next
	since[$1] = $2
	for (i = 3; i <= NF; i++)
		feature[$i] = $1
	next
}

/^jitterbug_agent_feature_available\{/ { available[label($1)] = $2 }
/^jitterbug_agent_program_attached\{/ { attached[label($1)] = $2 }

END {
	for (f in available)
		if (!(f in since))
			complain("feature " f ": not in tests/kernels/features")
	for (p in attached)
		if (!(p in feature))
			complain("program " p ": not in tests/kernels/features")
	for (f in since)
		if (!(f in available))
			complain("feature " f ": not in /metrics")
		else if (!available[f] && since[f] != "-" && number(kernel) >= number(since[f]))
			complain("feature " f ": not available, and should be since " since[f])
	for (p in feature)
		if (available[feature[p]] + 0 && !attached[p])
			complain("program " p ": not attached, and " feature[p] " is available")
	exit failed
}
