# One makefile, no recursion: every object and what it depends on is known here.
#
#   make                     build/spanward
#   make demo                what it needs, the program, and the samples audited
#   make check               what it needs, unit tests, golden captures, rules
#   make SAN=1 check         the same under address and undefined sanitizers
#   make SAN=thread check    the same under the thread sanitizer
#   make deps                only what they need (Debian packages)
#   make fuzz                libFuzzer targets (clang), each run FUZZ_RUNS times
#   make bench               rates beside ndpiReader and an empty libpcap loop
#   make format tidy         clang-format, clang-tidy
#   make install uninstall   PREFIX=/usr/local, DESTDIR=
#   DEPS=0                   install nothing, name what is missing
#   NDPI=0                   build without libndpi;  V=1 shows the commands

NAME    := spanward
VERSION := $(shell cat VERSION)$(shell git describe --always --dirty --exclude "*" \
	2>/dev/null | sed "s/^/+g/")
PREFIX  ?= /usr/local
SAN     ?= 0
NDPI    ?= 1
DEPS    ?= 1
V       ?= 0
FUZZ_RUNS ?= 100000
FUZZDIR ?= build-fuzz
comma   := ,

# Goals that run the program install what is missing first, then start again
# with a make that can see it.
FRONT := demo check
ifneq ($(filter $(FRONT),$(MAKECMDGOALS)),)
ifndef DEPS_SEEN
DEPS_FIRST := 1
endif
endif

ifdef DEPS_FIRST
$(MAKECMDGOALS) &:
	@DEPS=$(DEPS) NDPI=$(NDPI) ./tests/deps.sh \
		$(filter check,$(MAKECMDGOALS))
	@$(MAKE) --no-print-directory DEPS_SEEN=1 $(MAKECMDGOALS)
.PHONY: $(MAKECMDGOALS)
else

PKGS    := libpcap openssl ncursesw jansson yaml-0.1 zlib $(if $(filter 1,$(NDPI)),libndpi)
config   = $(shell pkg-config $(1) $(PKGS) 2>/dev/null)
EXTERN  := $(patsubst -I%,-isystem %,$(call config,--cflags))
LIBS    := $(call config,--libs)
LACKING := $(if $(LIBS),,yes)
LIBS    += -lm -pthread

ifeq ($(SAN),0)
BUILD   := build
HARDEN   = $(if $(findstring -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2) \
	-fstack-protector-strong -fPIE
LINKED  := -pie -Wl,-z,relro,-z,now
else
SANKIND := $(if $(filter 1,$(SAN)),address$(comma)undefined,$(SAN))
BUILD   := build-san-$(SAN)
HARDEN  := -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all \
	-fsanitize=$(SANKIND)
LINKED  := -fsanitize=$(SANKIND)
endif

CFLAGS  ?= -O3 -g
# The program is optimised as a whole (the cursor is called everywhere); tests
# link the same objects the quick way.
ifeq ($(SAN),0)
WHOLE   ?= -flto=auto -ffat-lto-objects
AR      := gcc-ar
endif
WARN    := -Wall -Wextra -Wshadow -Wundef -Wvla -Wformat=2 -Wcast-qual \
	-Wwrite-strings -Wpointer-arith -Wstrict-prototypes \
	-Wmissing-prototypes -Wimplicit-fallthrough $(if $(CI),-Werror)
COMPILE  = $(CC) -std=c11 -D_GNU_SOURCE -I. -DHAVE_NDPI=$(NDPI) $(EXTERN) \
	 $(WARN) $(CPPFLAGS) $(CFLAGS) $(WHOLE) $(HARDEN)

FLOORS  := core capture dissect audit report ui
SRC     := $(wildcard $(FLOORS:%=%/*.c))
POLICY  := $(wildcard audit/policies/*.yaml)
OBJ     := $(SRC:%.c=$(BUILD)/%.o) $(BUILD)/audit/policies.o
LIB     := $(BUILD)/lib$(NAME).a
TESTS   := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/t_*.c))
FUZZ    := $(patsubst tests/fuzz/%.c,$(FUZZDIR)/%,$(wildcard tests/fuzz/*.c))
STYLED  := $(SRC) $(wildcard $(FLOORS:%=%/*.h) tests/*.[ch] tests/fuzz/*.[ch])

say = @$(if $(filter 1,$(V)),:,printf '  %-5s %s\n' $(1) $@)
run = $(if $(filter 1,$(V)),,@)

all: $(BUILD)/$(NAME)

$(BUILD)/$(NAME): $(BUILD)/ui/main.o $(LIB)
	$(call say,LD)
	$(run)$(CC) $(CFLAGS) $(WHOLE) $(LINKED) $(LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(filter-out $(BUILD)/ui/main.o,$(OBJ))
	$(call say,AR)
	$(run)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(call say,CC)
	$(run)mkdir -p $(@D) && $(COMPILE) -MMD -MP -c -o $@ $<

# The built-in policies are text inside the program.
$(BUILD)/audit/policies.c: audit/policies/embed.sh $(POLICY)
	$(call say,GEN)
	$(run)mkdir -p $(@D) && audit/policies/embed.sh $(POLICY) >$@
$(BUILD)/audit/policies.o: $(BUILD)/audit/policies.c $(BUILD)/flags
	$(call say,CC)
	$(run)$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/tests/t_%: $(BUILD)/tests/t_%.o $(LIB)
	$(call say,LD)
	$(run)$(CC) -fno-lto $(LINKED) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) \
		-lcmocka $(LIBS)

# One program of all fuzz targets, so that the corpora need no clang.
REPLAY  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/fuzz_*.c))
$(REPLAY): private CPPFLAGS += -DLLVMFuzzerTestOneInput=$(basename $(@F))
$(BUILD)/tests/t_corpus: $(REPLAY)

# Fuzz targets share one library, built once with clang. Long runs: build once
# more with FUZZDIR=... FUZZMORE=-fno-sanitize-coverage=trace-cmp, faster by half.
CLANG   ?= clang
FUZZCC   = $(CLANG) -std=c11 -D_GNU_SOURCE -I. $(EXTERN) -DHAVE_NDPI=0 -g -O2 \
	-fno-omit-frame-pointer -fno-sanitize-recover=all \
	-fsanitize=address,undefined$(comma)$(1) $(FUZZMORE)
FUZZOBJ := $(patsubst %.c,$(FUZZDIR)/%.o,$(filter-out ui/main.c,$(SRC))) \
	$(FUZZDIR)/audit/policies.o
$(FUZZDIR)/%.o: %.c
	$(call say,FUZZ)
	$(run)mkdir -p $(@D) && $(call FUZZCC,fuzzer-no-link) -MMD -MP -c -o $@ $<
$(FUZZDIR)/audit/policies.o: $(BUILD)/audit/policies.c
	$(run)mkdir -p $(@D) && $(call FUZZCC,fuzzer-no-link) -c -o $@ $<
$(FUZZDIR)/lib$(NAME).a: $(FUZZOBJ)
	$(run)rm -f $@ && ar rcs $@ $^
$(FUZZDIR)/fuzz_%: tests/fuzz/fuzz_%.c $(wildcard tests/fuzz/*.h) \
		$(FUZZDIR)/lib$(NAME).a
	$(call say,FUZZ)
	$(run)$(call FUZZCC,fuzzer) -o $@ $(filter-out %.h,$^) \
		$(filter-out -lndpi,$(LIBS))

# Other flags, other objects; another version, another main.
stamp = @mkdir -p $(@D); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
$(BUILD)/flags: FORCE
	$(if $(LACKING),@DEPS=0 NDPI=$(NDPI) ./tests/deps.sh)
	$(call stamp,$(COMPILE))
$(BUILD)/version: FORCE
	$(call stamp,$(VERSION))
$(BUILD)/ui/main.o: $(BUILD)/version
$(BUILD)/ui/main.o: private CPPFLAGS += -DVERSION='"$(VERSION)"'

deps:
	@DEPS=$(DEPS) NDPI=$(NDPI) ./tests/deps.sh check

check: $(TESTS) $(BUILD)/$(NAME)
	@tests/run.sh $(BUILD)

demo: $(BUILD)/$(NAME)
	@samples/demo.sh $(BUILD)/$(NAME)

soak: $(BUILD)/$(NAME)
	@tests/soak.sh $(BUILD)/$(NAME)

bench: $(BUILD)/$(NAME)
	@tests/bench.sh $(BUILD)/$(NAME)

fuzz: $(FUZZ)
	@python3 tests/fuzz/seeds.py build-fuzz/seeds
	@for f in $(FUZZ); do \
		name=$${f##*/fuzz_}; mkdir -p build-fuzz/corpus/$$name; \
		echo "  FUZZ  $$name, $(FUZZ_RUNS) runs"; \
		$$f -runs=$(FUZZ_RUNS) -max_len=4096 -entropic=0 -verbosity=0 \
			build-fuzz/corpus/$$name $$(ls -d tests/corpus/$$name \
			build-fuzz/seeds/$$name 2>/dev/null) || exit 1; \
	done

format:
	clang-format -i $(STYLED)
format-check:
	clang-format --dry-run --Werror $(STYLED)
tidy:
	clang-tidy --quiet $(SRC) -- -std=c11 -D_GNU_SOURCE -I. \
		-DHAVE_NDPI=$(NDPI) -DVERSION='""' $(EXTERN)

# The manual page says what the program says.
$(BUILD)/$(NAME).1: $(BUILD)/$(NAME) share/man/page.sh
	$(call say,GEN)
	$(run)share/man/page.sh $(BUILD)/$(NAME) >$@
$(BUILD)/$(NAME)@.service: share/systemd/$(NAME)@.service.in FORCE
	$(call say,GEN)
	$(run)mkdir -p $(@D) && sed 's|@BIN@|$(PREFIX)/bin|' $< >$@

SHARED  := $(DESTDIR)$(PREFIX)/share/$(NAME)
PAGES   := $(DESTDIR)$(PREFIX)/share/man/man1
UNITS   := $(DESTDIR)$(PREFIX)/lib/systemd/system
USERS   := $(DESTDIR)$(PREFIX)/lib/sysusers.d
install: all $(BUILD)/$(NAME).1 $(BUILD)/$(NAME)@.service
	install -D -m 755 $(BUILD)/$(NAME) $(DESTDIR)$(PREFIX)/bin/$(NAME)
	install -d $(SHARED)/policies
	install -m 644 $(POLICY) $(SHARED)/policies
	install -m 644 report/$(NAME)-audit.schema.json $(SHARED)
	install -D -m 644 $(BUILD)/$(NAME).1 $(PAGES)/$(NAME).1
	install -D -m 644 $(BUILD)/$(NAME)@.service $(UNITS)/$(NAME)@.service
	install -D -m 644 share/systemd/$(NAME).sysusers $(USERS)/$(NAME).conf
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/$(NAME) $(PAGES)/$(NAME).1 \
		$(UNITS)/$(NAME)@.service $(USERS)/$(NAME).conf
	rm -rf $(SHARED)
clean:
	rm -rf build build-san-* build-fuzz

-include $(OBJ:.o=.d) $(TESTS:=.d) $(REPLAY:.o=.d) $(FUZZOBJ:.o=.d)
FORCE:
.PHONY: all deps check demo bench soak fuzz format format-check tidy install uninstall \
	clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
endif
