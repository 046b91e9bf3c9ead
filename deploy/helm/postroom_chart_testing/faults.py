"""All that can be wrong with the chart's documents, though a cluster would take them."""

from collections.abc import Collection, Sequence

from postroom_chart_testing.documents import Document
from postroom_chart_testing.hooks import find_hook_faults
from postroom_chart_testing.network import find_open_network
from postroom_chart_testing.pods import (
    find_mutable_images,
    find_short_graces,
    find_unbounded,
    find_unprobed,
    find_unrestricted,
)
from postroom_chart_testing.scaling import find_blocking_budgets, find_busy_signals, find_double_owners
from postroom_chart_testing.secrecy import find_secrets


def find_faults(documents: Sequence[Document], secret_names: Collection[str]) -> list[str]:
    return [
        *find_unrestricted(documents),
        *find_unprobed(documents),
        *find_unbounded(documents),
        *find_mutable_images(documents),
        *find_short_graces(documents),
        *find_hook_faults(documents),
        *find_double_owners(documents),
        *find_busy_signals(documents),
        *find_blocking_budgets(documents),
        *find_open_network(documents),
        *find_secrets(documents, secret_names),
    ]
