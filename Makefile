# README.md says what each command does, and has the plain lines for those without make.
.DEFAULT_GOAL := help
.PHONY: help serve check lint test browsers build requirements bench clean
python := .venv/bin/python
unexport PYTHONDONTWRITEBYTECODE# compiled once, tests and builds start sooner
export NO_MKDOCS_2_WARNING := 1# a notice of the theme; requirements.in pins what works

help:
	@echo "make serve         the site with live reload, at an address that it prints"
	@echo "make check         format, lint, who may know whom, types, and every test without a browser"
	@echo "make test          all of that, and the site in a real browser"
	@echo "make browsers      the site in Firefox and in WebKit"
	@echo "make build         the site as files, in site/; any warning fails"
	@echo "make requirements  requirements.txt anew from requirements.in (UPGRADE=1: newest versions)"
	@echo "make bench         what weaving costs, against plain Material"
	@echo "make clean         remove what the others made, .venv excepted"

.venv/ready: requirements.txt tools/environment.sh
	@sh tools/environment.sh
	@touch $@

serve: .venv/ready
	@$(python) -m tools.serve $(PORT)

check: lint
	@$(python) -m pytest -n auto --ignore tests/browser

test: lint
	@$(python) -m tools.browser
	@$(python) -m pytest -n auto

browsers: .venv/ready
	@$(python) -m tools.other_browsers
	@$(python) -m pytest -n 2 -m other_browsers tests/browsers

lint: .venv/ready
	@mkdir -p .cache
	@$(python) -m ruff format --quiet --check .
	@$(python) -m ruff check --quiet .
	@PYTHONPATH=. .venv/bin/lint-imports > .cache/contract || { cat .cache/contract; exit 1; }
	@$(python) -m mypy --no-error-summary

build: .venv/ready
	@$(python) -m mkdocs build --strict

requirements: .venv/ready
	@test -x .cache/uv/bin/uv || { $(python) -m venv .cache/uv && \
	  .cache/uv/bin/python -m pip install --quiet uv; }
	@.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  $(if $(UPGRADE),--upgrade) requirements.in -o requirements.txt

bench: .venv/ready
	@$(python) -m benchmarks.build_cost
	@$(python) -m benchmarks.serve_cost
	@$(python) -m benchmarks.page_weight
	@$(python) -m benchmarks.first_words
	@$(python) -m benchmarks.instruments

clean:
	@rm -rf site .cache .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
