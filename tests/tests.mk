# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How the tests are built and run; included by the Makefile. A unit test NAME is tests/unit/NAME.c,
# linked with the library and with the helpers beside it.

T := $(O)/tests
UNIT_TESTS := $(patsubst tests/unit/%.c,$(T)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_HELPERS := $(patsubst tests/unit/%.c,$(T)/unit/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
BPF_TESTS := $(patsubst tests/bpf/%.c,$(T)/bpf/%,$(wildcard tests/bpf/test_*.c))
BPF_HELPERS := $(patsubst tests/bpf/%.c,$(T)/bpf/%.o,$(filter-out tests/bpf/test_%,$(wildcard tests/bpf/*.c)))
NET_SHARED := $(addprefix tests/net/,tool.c udp_sink.c rtp_wire.c rtp_log.c)
NET_TOOLS := $(addprefix $(T)/net/,bridge sender receiver tun_uso slow_reader tcp_tool pods_tool cluster_tool)
TEST_FLAGS := -std=gnu11 $(WARN) $(CPPFLAGS_USER) -Itests/bpf -Itests/unit

.PHONY: unit bpf net soak webrtc test-webrtc net-tools programs check live test test-asan test-valgrind test-kernels \
	test-kubernetes fuzz fuzz-run bench

$(T)/%.o: tests/%.c $(O)/flags | $(SKELETON)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_FLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(T)/unit/test_%: $(T)/unit/test_%.o $(UNIT_HELPERS) $(O)/libjitterbug.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka -pthread

$(T)/bpf/test_%: $(T)/bpf/test_%.o $(BPF_HELPERS) $(O)/libjitterbug.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka -pthread

.SECONDEXPANSION:
$(T)/net/%: $$(wildcard tests/net/$$*.c tests/net/$$*_*.c) $(NET_SHARED) $$(wildcard tests/net/*.h)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) -pthread

# These are parts of the agent by themselves.
$(T)/net/pods_tool $(T)/net/cluster_tool: $(T)/net/%: tests/net/%.c $(O)/libjitterbug.a
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_FLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $(filter %.c %.a,$^) $(LIBS)

net-tools: $(NET_TOOLS)

# Everything that is compiled, without running it.
programs: $(O)/jitterbug $(UNIT_TESTS) $(BPF_TESTS) $(NET_TOOLS)

# Runs each of the given programs; fails if one does.
run_all = $(Q)failed=; for t in $(1); do $(RUNNER) $$t || failed="$$failed $${t\#\#*/}"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

unit: $(UNIT_TESTS) ## unit tests
	$(call run_all,$^)

bpf: $(BPF_TESTS) ## tests of the BPF programs, as root
	$(call run_all,$^)

PYTEST := /usr/bin/python3 -m pytest -p no:cacheprovider -q
net: $(O)/jitterbug $(NET_TOOLS) ## tests with live traffic, as root; PYTEST_ARGS="-k NAME"
	$(Q)cd tests/net && JITTERBUG=$(abspath $(O))/jitterbug JB_TOOLS=$(abspath $(T))/net $(PYTEST) $(PYTEST_ARGS) .

# With what memory took after each round.
soak: $(O)/jitterbug $(NET_TOOLS) ## pods that come and go, 300 a round, as root; JB_ROUNDS=10
	$(Q)cd tests/net && JB_ROUNDS=$(or $(JB_ROUNDS),10) JITTERBUG=$(abspath $(O))/jitterbug \
		JB_TOOLS=$(abspath $(T))/net $(PYTEST) -s $(PYTEST_ARGS) test_churn.py

# What drives the browsers: one package, as locked, and no browser with it.
WEBRTC := $(T)/webrtc
$(WEBRTC)/node_modules/.package-lock.json: tests/webrtc/package.json tests/webrtc/package-lock.json
	$(call say,NPM,$(@D))
	$(Q)mkdir -p $(WEBRTC) && cp $^ $(WEBRTC)
	$(Q)cd $(WEBRTC) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

webrtc: $(O)/jitterbug $(NET_TOOLS) $(WEBRTC)/node_modules/.package-lock.json
	$(Q)cd tests/webrtc && JITTERBUG=$(abspath $(O))/jitterbug JB_TOOLS=$(abspath $(T))/net \
		NODE_PATH=$(abspath $(WEBRTC))/node_modules $(PYTEST) $(PYTEST_ARGS) .

test-webrtc: deps ## calls of real browsers and of a WebRTC server, as root; PYTEST_ARGS="-k NAME"
	$(Q)scripts/deps.sh webrtc
	$(Q)$(MAKE) --no-print-directory webrtc

# Makes each of the targets, one at a time also with -j; fails if one does.
in_turn = +$(Q)failed=; for t in $(2); do \
	$(MAKE) --no-print-directory $(1) $$t || failed="$$failed $$t"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

test: deps ## unit, bpf and net, with what they need installed
	$(Q)scripts/deps.sh test
	$(Q)$(MAKE) --no-print-directory programs
	$(call in_turn,,unit bpf net)

check: $(O)/jitterbug ## style, rules of inclusion, documents, static analysis; CHECKS="NAME..."
	$(Q)O=$(O) CLANG=$(CLANG) tests/check/run.sh $(CHECKS)

# The agent with traffic for a few seconds: what the sanitizers watch.
live: $(O)/jitterbug $(NET_TOOLS)
	$(Q)JITTERBUG=$(abspath $(O))/jitterbug JB_TOOLS=$(abspath $(T))/net tests/check/live.py

# The builds below are this Makefile again with another O, so that they share nothing with $(O).
# Warnings are for the plain builds: sanitizers lead gcc to false ones.
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
ROOT_TESTS := $(if $(filter 0,$(shell id -u)),bpf live)

test-asan: ## unit, bpf and a live run under AddressSanitizer and UBSan
	$(call in_turn,O=$(O)/asan WARN= CFLAGS="$(SANITIZE)",unit $(ROOT_TESTS))
	$(if $(ROOT_TESTS),,@echo "skipped: bpf and live, which need root")

# Debian's valgrind can't read clang's DWARF 5.
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=all \
	--errors-for-leak-kinds=definite,indirect,possible
test-valgrind: ## unit tests under valgrind
	$(Q)$(MAKE) --no-print-directory O=$(O)/valgrind WARN= CFLAGS="-O1 -g -gdwarf-4" \
		RUNNER="$(VALGRIND)" unit

test-kernels: deps ## bpf and a short call on Debian's kernels, emulated; KERNELS="6.1 6.12"
	$(Q)scripts/deps.sh kernels
	$(Q)$(MAKE) --no-print-directory $(O)/jitterbug $(BPF_TESTS) $(T)/net/sender $(T)/net/receiver
	$(Q)O=$(O) tests/kernels/run.sh $(KERNELS)

# Kubernetes itself is built once, and kept outside of $(O).
test-kubernetes: deps ## pods of a real Kubernetes, built from its Go modules, as root; PYTEST_ARGS="-k NAME"
	$(Q)scripts/deps.sh kubernetes
	$(Q)$(MAKE) --no-print-directory $(O)/jitterbug $(addprefix $(T)/net/,sender receiver tcp_tool)
	$(Q)O=$(abspath $(O)) tests/kubernetes/run.sh $(PYTEST_ARGS)

FUZZ_SECONDS ?= 60
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz: ## each fuzzer for FUZZ_SECONDS=60; FUZZ="NAME..."
	$(Q)$(MAKE) --no-print-directory O=$(O)/fuzz WARN= CC="$(CLANG)" FUZZ="$(FUZZ)" \
		CFLAGS="$(SANITIZE) -fsanitize=fuzzer-no-link" fuzz-run

fuzz-run: $(FUZZ:%=$(T)/fuzz/fuzz_%)
	$(Q)O=$(O) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run.sh $(FUZZ)

$(T)/fuzz/fuzz_%: $(T)/fuzz/fuzz_%.o $(O)/libjitterbug.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)

# The bench has programs of its own, over the same inline functions and maps.
BENCH_OBJECTS := $(patsubst tests/bench/%.c,$(T)/bench/%.o,$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))
$(T)/bench/bench.bpf.o: tests/bench/bench.bpf.c $(O)/flags
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -Ibpf $(WARN) -Wno-unused-parameter -MMD -MP -c -o $@ $<

# maps.bpf.o first: bpftool 7.1 takes the offsets of extern maps from the first object.
$(T)/bench/linked.bpf.o: $(O)/bpf/maps.bpf.o $(T)/bench/bench.bpf.o
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/bench.skel.h: $(T)/bench/linked.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name jb_bench_bpf > $@

$(BENCH_OBJECTS): | $(O)/bench.skel.h

$(T)/bench/bench: $(BENCH_OBJECTS) $(T)/bpf/packet.o $(O)/libjitterbug.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -pthread

bench: $(T)/bench/bench $(O)/jitterbug $(NET_TOOLS) ## cost of each kind of packet, of scans and of pages, as root
	$(Q)$(T)/bench/bench
	$(Q)JITTERBUG=$(abspath $(O))/jitterbug JB_TOOLS=$(abspath $(T))/net tests/bench/metrics.py
