from typing import Any

from postroom_database.repositories.domains import NewDomain


def new_domain(name: str = "example.com", **chosen: Any) -> NewDomain:
    """A domain before it is stored, with what clients get who choose nothing, and with what is chosen."""
    values = {
        "region": "eu-west-1",
        "custom_return_path": "send",
        "tracking_subdomain": None,
        "open_tracking": False,
        "click_tracking": False,
        "tls": "opportunistic",
        "sending": "enabled",
        "receiving": "disabled",
    }
    return NewDomain(name=name, **(values | chosen))
