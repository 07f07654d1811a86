# `make run` and `make test` do everything from a fresh clone; the rest is for the days after.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help

# A line with what is checked and its seconds; what the check says appears where it fails.
phase = @begun=$$(date +%s); if said=$$({ $(2); } 2>&1); \
	then printf '%-18s%s s\n' '$(1)' "$$(( $$(date +%s) - begun ))"; \
	else printf '%-18sfailed\n%s\n' '$(1)' "$$said"; exit 1; fi

# Options of your own: make test PYTEST='-k leave'. Three processes keep two cores busy: tests wait for servers.
tests = @echo 'tests: $(1)'; $(BIN)/pytest --quiet -m '$(1)' --numprocesses 3 --dist loadgroup --durations 10 --durations-min 1 $(PYTEST)

help:  ## list what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: .venv/run  ## serve the site at http://127.0.0.1:5000/ (HOST, PORT), again whenever you save
	@exec $(BIN)/flask serve --reload

demo: .venv/run  ## the same with a made-up clinic that fills in every fact, and a database of its own
	@DEMO=1 $(BIN)/flask serve --reload

test: .venv/test  ## linters, types, import contracts, templates and the tests, in about five minutes
	@$(MAKE) --no-print-directory --keep-going --jobs 4 linters types contracts templates
	$(call tests,not full)

linters:
	$(call phase,linters,$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .)

types:
	$(call phase,types,$(BIN)/mypy --no-error-summary)

contracts:
	$(call phase,import contracts,$(BIN)/lint-imports --no-logo)

templates:
	$(call phase,templates,$(BIN)/djlint --lint --quiet templates)

test-all: test  ## `make test`, then the tests it leaves to CI: PostgreSQL and the browser throughout
	$(call tests,full)

watch: .venv/test  ## serve the site, and run the quick tests, again whenever you save
	@$(BIN)/flask serve --reload & \
	trap "kill $$!" EXIT INT TERM; \
	$(BIN)/watchfiles '$(BIN)/pytest --quiet -x --ff -m "not browser and not postgres"' app.py core blueprints content templates tests

bench: .venv/test  ## measure pages and forms beside Flask and nginx, and a first visit (needs wrk, npx)
	@$(BIN)/python -m benchmarks.pages
	@$(BIN)/python -m benchmarks.forms
	@$(BIN)/python -m benchmarks.referral
	@$(BIN)/python -m benchmarks.referral_time
	@$(BIN)/python -m benchmarks.newsletter
	@$(BIN)/python -m benchmarks.desk
	@$(BIN)/python -m benchmarks.browser
	@$(BIN)/python -m benchmarks.lighthouse / /treatments/spravato /refer

format: .venv/test  ## put the code in its usual form
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

lock:  ## write requirements*.txt anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.txt pyproject.toml --group dev -o requirements-dev.txt

.venv/run: requirements.txt
	@echo "Installing what the site needs…"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/test: requirements-dev.txt
	@echo "Installing what the tests need…"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@ .venv/run

.PHONY: help run demo test linters types contracts templates test-all watch bench format lock
