# The only door. `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

PYTHON := .venv/bin/python
HEARERS := tasks reminders messaging gateway
export PYTHONPATH := services:.
export PYTHONDONTWRITEBYTECODE :=

help: ## list the targets, one line each
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

run: ## install what is missing and run the whole platform until Ctrl-C (CONGVU_HTTP_PORT, ...: deploy/local/README.md)
	@bash deploy/local/bootstrap.sh servers
	@exec $(PYTHON) -m deploy.local run

stop: ## stop a platform that make run started elsewhere; the data are kept
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local stop

restart: ## restart the services of a running platform one after the other, without losing a request (SERVICE=gateway: that one)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local restart $(SERVICE)

test: ## run all tests on private instances, in two shards side by side (SHARDS=4; ARGS="-k word" chooses, in one)
	@bash deploy/local/bootstrap.sh private
	@exec $(PYTHON) -m deploy.local test --shards $(or $(SHARDS),$(if $(ARGS),1,2)) $(ARGS)

bench: ## measure against floors and peers and write docs/benchmarks.md (ONLY=P1,P3 SECONDS=3 ROUNDS=5 PEOPLE=50000 REMINDERS=200000)
	@bash deploy/local/bootstrap.sh private
	@exec $(PYTHON) -W ignore -m tests.bench

unit: ## run the tests that need no server, in seconds
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m pytest -q services/*/tests/unit $(ARGS)

lives: ## play thousands of random lives of an assignment against the table of moves
	@bash deploy/local/bootstrap.sh
	@CONGVU_LIVES=1 $(PYTHON) -m pytest -q --timeout=3600 services/tasks/tests/unit/test_lives.py

crash: ## kill everything at any moment under a stream of orders: nothing is lost (KILLS=1000, SEED=1: docs/crash-test.md)
	@bash deploy/local/bootstrap.sh private
	@exec $(PYTHON) -W ignore -m tests.crash

crash-selftest: ## plant five faults, one after the other: the crash test must find each
	@bash deploy/local/bootstrap.sh private
	@exec $(PYTHON) -W ignore -m tests.crash selftest

policy-matrix: ## ask the running API every question of who may do what, against tests/policy/oracle.yaml
	@bash deploy/local/bootstrap.sh private
	@CONGVU_POLICY_CELLS=all $(PYTHON) -m deploy.local test -q tests/policy

policy-selftest: ## take six checks out, one after the other: the matrix must find each
	@bash deploy/local/bootstrap.sh private
	@CONGVU_POLICY_SELFTEST=1 $(PYTHON) -m deploy.local test -q tests/policy/test_planted.py

fuzz: ## send the running API and the bus what nobody should: MINUTES=10 SEED=1 ROLE="head official" (docs/fuzzing.md)
	@bash deploy/local/bootstrap.sh private
	@CONGVU_FUZZ_MINUTES=$(or $(MINUTES),10) CONGVU_FUZZ_SEED=$(or $(SEED),1) CONGVU_FUZZ_ROLE="$(ROLE)" \
		$(PYTHON) -m deploy.local test -q -s tests/fuzz

fuzz-selftest: ## plant five faults, one after the other: the fuzzer must find each
	@bash deploy/local/bootstrap.sh private
	@CONGVU_FUZZ_SELFTEST=1 $(PYTHON) -m deploy.local test -q tests/fuzz/test_planted.py

lint: ## check style, formatting and who imports whom
	@bash deploy/local/bootstrap.sh
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports

format: ## put the code into the common format
	@bash deploy/local/bootstrap.sh
	@.venv/bin/ruff check --fix --exit-zero --quiet .
	@.venv/bin/ruff format .

generate: ## write openapi.yaml and asyncapi.yaml from the code that runs
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -W ignore -m contracts.generate

demo: ## play the main job against the running platform: one order, 184 units, live
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.demo

traces: ## show each request of a platform that runs with CONGVU_OTLP_ENDPOINT as one tree, until Ctrl-C (PORT=4318)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local traces $(PORT)

parked: ## list the messages that failed too often and wait for a person
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool chassis.parked list $(or $(ARGS),$(HEARERS))

replay: ## hand the parked messages to their service again (ARGS="service" chooses)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool chassis.parked replay $(or $(ARGS),$(HEARERS))

first-administrator: ## make the first account that administers the platform (NAME="Nguyễn Văn An" USERNAME=annv); shown once
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool directory.operate first-administrator --name "$$NAME" $(if $(USERNAME),--username "$$USERNAME")

break-glass: ## seal the account for the day when no other works, or seal it anew (USERNAME=khancap, else as it is); shown once
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool directory.operate break-glass $(if $(USERNAME),--username "$$USERNAME")

handover: ## one-time passwords for all who have chosen none: sheets and slips (FOLDER=... UNIT=code)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool directory.operate handover --folder "$(or $(FOLDER),.local/handover)" $(if $(UNIT),--unit "$$UNIT")

sibling: ## let another platform hear published events (NAME=mail EVENTS="tasks.task_issued" SAYS="...": docs/siblings.md)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -W ignore -m deploy.local sibling add $(if $(NEW_PASSWORD),--new-password) $(if $(NAME),"$$NAME") $$EVENTS $(if $(SAYS),--says $$SAYS)

siblings: ## list the platforms that hear published events, and how much waits for them
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -W ignore -m deploy.local sibling list

remove-sibling: ## take a sibling's account and queue away (NAME=mail)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -W ignore -m deploy.local sibling remove $(if $(NAME),"$$NAME")

partner: ## let a platform without a broker speak and hear over HTTP (NAME=hotline SAYS="..." EVENTS="..." URL=https://... KEY=file)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool gateway.partners add "$$NAME" $(if $(SAYS),--says $$SAYS) $(if $(EVENTS),--hears $$EVENTS) $(if $(URL),--url "$$URL") $(if $(KEY),--public-key "$$KEY")

renew-partner: ## give a partner another key; the one before is good for a week (NAME=hotline KEY=file), or no more (AT_ONCE=1)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool gateway.partners renew "$$NAME" $(if $(AT_ONCE),--at-once) $(if $(KEY),--public-key "$$KEY")

partners: ## list the platforms without a broker, what waits for them and what is dead
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool gateway.partners list

webhooks: ## list what could not be brought to a partner, and why (NAME=hotline)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool gateway.partners webhooks "$$NAME"

replay-webhooks: ## try anew what is dead, all or some numbers, and go on with a paused webhook (NAME=hotline NUMBERS="17 18")
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool gateway.partners replay "$$NAME" $(NUMBERS)

remove-partner: ## end a partner: its keys, and what waits for it (NAME=hotline)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool gateway.partners remove "$$NAME"

scim-client: ## let an identity system feed the directory (NAME=hr ALL=1 ENDINGS=200: docs/operations.md); its token is shown once
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool directory.clients add "$$NAME" $(if $(ALL),--all) $(if $(ENDINGS),--endings "$$ENDINGS")

renew-scim-client: ## give an identity system another token in the place of the one before (NAME=hr); shown once
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool directory.clients renew "$$NAME"

scim-clients: ## list the identity systems that feed the directory
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool directory.clients list

remove-scim-client: ## end an identity system's access at once (NAME=hr)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool directory.clients remove "$$NAME"

audit-verify: ## is each service's audit log what was written? (ANCHORS=file: against heads that were carried outside)
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool chassis.audit.verify verify $(if $(ANCHORS),--anchors "$$ANCHORS")

audit-anchor: ## print the signed heads of the audit logs, to be kept outside
	@bash deploy/local/bootstrap.sh
	@exec $(PYTHON) -m deploy.local tool chassis.audit.verify anchor

clean: ## stop what this checkout started and remove its data and packages
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m deploy.local clean; fi
	@rm -rf .local .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
