# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `make help` lists the targets. O=DIR builds elsewhere, V=1 shows the commands.

VERSION := 0.1.0
O ?= build
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
CFLAGS ?= -O2 -g
DESTDIR ?=
PREFIX ?= /usr/local

MACHINE := $(shell uname -m)
ARCH := $(MACHINE:aarch64=arm64)
TARGET := $(ARCH:x86_64=x86)
ifeq ($(V),)
Q := @
say = @echo "  $(1)	$(2:$(O)/%=%)"
endif

WARN := -Wall -Wextra -Werror
CPPFLAGS_USER := -D_GNU_SOURCE -DJB_VERSION='"$(VERSION)"' -Iuser -Iinclude -I$(O)
LIBS := -lbpf -lelf -lz -lmicrohttpd -lcurl -lcrypto -ljansson -lpcap -pthread
BPF_FLAGS := -target bpf -mcpu=v3 -O2 -g -Wno-unused-parameter -D__TARGET_ARCH_$(TARGET) -Iinclude -Ivmlinux/$(ARCH)

# maps.bpf.o first: bpftool 7.1 takes the offsets of extern maps from the first object.
BPF_OBJECTS := $(O)/bpf/maps.bpf.o $(patsubst bpf/%.bpf.c,$(O)/bpf/%.bpf.o,\
	$(filter-out bpf/maps.bpf.c,$(wildcard bpf/*.bpf.c)))
USER_OBJECTS := $(patsubst user/%.c,$(O)/user/%.o,$(filter-out user/main.c,$(wildcard user/*/*.c)))
SKELETON := $(O)/jitterbug.skel.h

.PHONY: all run demo format install deps clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(O)/jitterbug ## build the agent (the default)

help: ## this text
	@echo "make TARGET [O=DIR: build there] [V=1: show the commands]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile tests/tests.mk

# Everything below needs the build's packages; `make run`, `test`, ... install them first.
deps: ## install what a build needs (Debian, Ubuntu)
	$(Q)scripts/deps.sh build

run: deps ## build and start the agent; ARGS="--option ..."
	$(Q)$(MAKE) --no-print-directory all
	$(O)/jitterbug agent $(ARGS)

demo: deps ## real calls with known loss beside the agent, in namespaces; ARGS="--seconds N"
	$(Q)scripts/deps.sh demo
	$(Q)$(MAKE) --no-print-directory all net-tools
	$(Q)JITTERBUG=$(abspath $(O))/jitterbug JB_TOOLS=$(abspath $(T))/net tests/net/demo.py $(ARGS)

install: all ## to PREFIX=/usr/local, below DESTDIR
	install -D -m 755 $(O)/jitterbug $(DESTDIR)$(PREFIX)/bin/jitterbug

clean: ## remove the build directory
	rm -rf $(O)

format: ## clang-format every C file
	clang-format -i $$(git ls-files '*.[ch]' ':!vmlinux')

$(O)/jitterbug: $(O)/user/main.o $(O)/libjitterbug.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/libjitterbug.a: $(USER_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The first build makes the skeleton first; after it the .d files tell who includes it.
$(O)/user/%.o: user/%.c $(O)/flags | $(SKELETON)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(CPPFLAGS_USER) $(CFLAGS) -MMD -MP -c -o $@ $<

# Changes when the compiler, its flags or the set of files does.
FLAGS := $(CC) $(CLANG) $(WARN) $(VERSION) $(CFLAGS) $(LDFLAGS) $(USER_OBJECTS) $(BPF_OBJECTS)
$(O)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@

$(O)/bpf/%.bpf.o: bpf/%.bpf.c $(O)/flags
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(WARN) $(BPF_FLAGS) -MMD -MP -c -o $@ $<

$(O)/jitterbug.bpf.o: $(BPF_OBJECTS)
	$(call say,BPFLD,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETON): $(O)/jitterbug.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name jb_bpf > $@

include tests/tests.mk
-include $(wildcard $(O)/bpf/*.d $(O)/user/*.d $(O)/user/*/*.d $(T)/*/*.d)
