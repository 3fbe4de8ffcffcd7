# The two commands of the README are `make serve` and `make test`; each installs what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: serve build test check prove bench format lint clean setup system python release bench-parts

TOOLS   := .build-tools
PYTHON  := $(TOOLS)/venv/bin/python
DEBUG   := .build/debug/portico
RELEASE := .build/release/portico

# Libraries that are linked, and the browser and peers that the tests use.
SYSTEM_LIBRARIES := libssl-dev zlib1g-dev libbrotli-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libsqlite3-dev pkg-config
SYSTEM_TOOLS     := python3-venv chromium nginx-light haproxy wrk strace node-jose

serve: system-libraries
	swift build --product portico
	$(DEBUG) serve

build: system-libraries
	swift build --product portico
	$(DEBUG) build

# The binary is built before the tests, which run it and never build. What starts processes waits for
# them on the few threads that the other tests share, so it runs by itself.
test: system-libraries system-tools python
	swift build --build-tests
	$(DEBUG) build
	swift test --skip-build --skip EndToEndTests
	swift test --skip-build --filter EndToEndTests

# One capability and its tests: make check TARGET=Gateway
check: system-libraries
	PORTICO_ONLY=$(TARGET) swift build --build-tests
	PORTICO_ONLY=$(TARGET) swift test --skip-build

prove: system-libraries system-tools python
	swift build --build-tests
	$(DEBUG) build
	( PORTICO_PROVE=1 swift test --skip-build --skip EndToEndTests; \
	  PORTICO_PROVE=1 swift test --skip-build --filter EndToEndTests ) 2>&1 \
	  | tee $(TOOLS)/prove-$$(date -u +%Y-%m-%d).txt

# Statically linked: the program runs where no Swift is installed, and its calls into the runtime are
# direct. BenchParts is what the bench measures inside a process.
release: system-libraries
	swift build -c release --static-swift-stdlib --product portico

bench-parts: release
	swift build -c release --static-swift-stdlib --product BenchParts

# All subjects, or some: make bench SUBJECTS="static cached"
bench: bench-parts system-tools python
	$(PYTHON) Tests/Bench/bench.py --portico $(RELEASE) $(SUBJECTS)

format:
	swift format -i -r Sources Tests Package.swift

lint:
	swift format lint --strict -r Sources Tests Package.swift

clean:
	rm -rf .build .build-cache dist/* dist/.portico var

setup: system-libraries system-tools python

.PHONY: system-libraries system-tools
system-libraries:
	@$(call install-packages,$(SYSTEM_LIBRARIES))

system-tools:
	@$(call install-packages,$(SYSTEM_TOOLS))

# Installs what dpkg does not know yet; where it may not, it prints the command that would.
define install-packages
if ! command -v dpkg-query >/dev/null; then \
  echo "Portico is developed on Debian 12: install the equivalents of: $(1)" >&2; exit 0; fi; \
missing=""; for p in $(1); do \
  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$p"; done; \
if [ -n "$$missing" ]; then \
  if [ "$$(id -u)" = 0 ]; then \
    echo "installing$$missing"; apt-get update -qq; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
  else echo "missing packages: run  sudo apt-get install$$missing" >&2; exit 1; fi; fi
endef

python: $(TOOLS)/venv/.installed

$(TOOLS)/venv/.installed: Tests/requirements.txt
	@mkdir -p $(TOOLS)
	@test -x $(PYTHON) || python3 -m venv $(TOOLS)/venv
	@echo "installing Python tools into $(TOOLS)/venv"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r Tests/requirements.txt
	@touch $@
