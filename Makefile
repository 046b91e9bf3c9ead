# What a day needs. Each target is one program; read it to know more.
.DEFAULT_GOAL := help
ENGINE := build-support/with_docker
.PHONY: help run send webhook-listen test package publish new-deploy release up rollback releases down conformance lint fmt check docs lock benchmark chaos

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Postroom on this machine: three processes, no database server, no Docker
	@deploy/embedded/run

send: ## a sample email to what `make run` started
	@deploy/embedded/send

webhook-listen: ## the events of what `make run` started, as a webhook gets them
	@deploy/embedded/webhook-listen

test: ## all tests, against real servers
	@build-support/test

conformance: ## the twelve factors, proven; what was seen in dist/conformance.md
	@build-support/test conformance::

package: ## PEX files, an image for each service, its SBOM, dist/build.json
	@$(ENGINE) build-support/on_debian python3 build-support/package.py

publish: ## push the images of the build to REGISTRY, by digest; dist/published/build.json
	@$(ENGINE) python3 build-support/publish_images.py

new-deploy: ## a folder for a deploy: its config, its secrets; DEPLOY= names it
	@$(ENGINE) build-support/on_debian --servers deploy/release/release new

release: ## join the build with the deploy's config: a numbered record that never changes
	@$(ENGINE) deploy/release/release release

up: ## run the newest release with Docker Compose, or N=
	@$(ENGINE) --keep deploy/release/release up $(N)

rollback: ## run an older release, N=
	@$(ENGINE) --keep deploy/release/release rollback $(N)

releases: ## all releases, and which one runs
	@deploy/release/release list

down: ## end what `make up` runs; the data stays
	@$(ENGINE) --running deploy/release/release down

lint: ## style of Python and shell, workflows, Dockerfiles; changes nothing
	@build-support/lint

fmt: ## format, and fix what can be fixed
	@build-support/lint --fix

check: ## layers and types
	@build-support/check

docs: ## the pages that are generated from the code
	@build-support/docs

lock: ## resolve 3rdparty/python/*.in into the locks
	@build-support/lock

benchmark: ## what Postroom costs on this machine
	@benchmarks/accept

chaos: ## ten minutes of bad weather, and the ledger of the mail
	@acceptance/chaos
