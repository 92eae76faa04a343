import json
from types import SimpleNamespace

from curtin import VERSION


def load_command_config(_args, state):
    with open(state["config"], encoding="utf-8") as config:
        return json.load(config)


if VERSION == "24.1":

    class KernelConfig:
        # As the attrs library leaves the names of a class' fields.
        __attrs_attrs__ = [SimpleNamespace(name=name) for name in ("package", "fallback_package", "mapping", "install", "remove")]
