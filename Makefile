# For those who come from packer-maas. Everything else is the command itself: npx dgxos-maas --help
#
#   make check-deps          what is missing on this host, and the command that installs it
#   make dgx1 ISO=FILE       builds and checks the image dgx1 of dgxos-maas.yaml; without ISO, from the ISO named there
#   make upload-dgx1         sends it to MAAS

images := $(filter-out help check-deps upload-% clean,$(MAKECMDGOALS))
uploads := $(filter upload-%,$(MAKECMDGOALS))
dgxos_maas := ./bin/dgxos-maas.js
# As it was typed: a `$` or a space in it is part of the name.
export ISO_AS_TYPED := $(value ISO)

.PHONY: help check-deps clean .ready $(images) $(uploads)
help:
	@sed -n 's/^#  *make /make /p' Makefile

check-deps: .ready
	@$(dgxos_maas) doctor

$(images): .ready
	@$(dgxos_maas) build $@ $${ISO_AS_TYPED:+--iso "$$ISO_AS_TYPED"}

$(uploads): .ready
	@$(dgxos_maas) upload $(patsubst upload-%,%,$@)

clean:
	@echo 'make: nothing to clean: each build begins with what its inputs say. Work and outputs are in .dgxos-maas/IMAGE' >&2

# The npm modules, and a configuration with an image of DGX OS 5 where there is none yet.
.ready:
	@command -v node >/dev/null || { echo 'make: node is missing: sudo apt-get install nodejs npm' >&2; exit 4; }
	@./scripts/setup --modules
	@! $(dgxos_maas) config validate --json 2>/dev/null | grep -q CONFIG_NOT_FOUND || $(dgxos_maas) init >&2

# Variables of packer-maas that are settings here.
given = $(foreach name,ARCH PACKER TIMEOUT,$(if $(findstring command,$(origin $(name))),$(name)))
$(foreach name,$(given),$(warning $(name) has no effect; what a build takes is in dgxos-maas.yaml))
