"""Variables that Kubernetes puts into every container of a namespace, for each Service that it holds.

A Service named ``postroom-api`` yields ``POSTROOM_API_SERVICE_HOST``, ``POSTROOM_API_PORT=tcp://10.0.0.1:80`` and
more; one named ``postroom`` even yields ``POSTROOM_PORT=tcp://...``, the name of a setting of ours. None of them was
set by a person. Source: Kubernetes documentation, "Service", section "Environment variables".
"""

import re

_NAME = re.compile(r".+_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)", re.ASCII)
_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+:[0-9]+", re.ASCII)


def is_service_link(name: str, value: str) -> bool:
    return bool(_NAME.fullmatch(name)) or (name.endswith("_PORT") and bool(_ADDRESS.fullmatch(value)))
