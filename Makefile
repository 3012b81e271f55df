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
LIBS := -lbpf -lelf -lz -lmicrohttpd -lcurl -ljansson -lpcap
BPF_FLAGS := -target bpf -mcpu=v3 -O2 -g -D__TARGET_ARCH_$(TARGET) -Iinclude -Ivmlinux/$(ARCH)

BPF_OBJECTS := $(patsubst bpf/%.bpf.c,$(O)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
USER_OBJECTS := $(patsubst user/%.c,$(O)/user/%.o,$(filter-out user/main.c,$(wildcard user/*/*.c)))
SKELETON := $(O)/jitterbug.skel.h

.PHONY: all run demo test check bench fuzz format install deps clean help
.DELETE_ON_ERROR:
.SECONDARY:

all: $(O)/jitterbug

help:
	@echo "all run demo test check bench fuzz format install deps clean; O=DIR V=1"

# Everything below needs the build's packages; `make run`, `test`, ... install them first.
deps:
	$(Q)scripts/deps.sh build

run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(O)/jitterbug agent $(ARGS)

demo: deps
	$(Q)scripts/deps.sh demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)JITTERBUG=$(O)/jitterbug tests/net/demo.py

install: all
	install -D -m 755 $(O)/jitterbug $(DESTDIR)$(PREFIX)/bin/jitterbug

clean:
	rm -rf $(O)

format:
	clang-format -i $$(git ls-files '*.[ch]' ':!vmlinux')

$(O)/jitterbug: $(O)/user/main.o $(O)/libjitterbug.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/libjitterbug.a: $(USER_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/user/%.o: user/%.c $(SKELETON)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(CPPFLAGS_USER) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(O)/jitterbug.bpf.o: $(BPF_OBJECTS)
	$(call say,BPFLD,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETON): $(O)/jitterbug.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name jb_bpf > $@

include tests/tests.mk
-include $(shell find $(O) -name '*.d' 2>/dev/null)
