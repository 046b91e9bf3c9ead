"""What must stand in a domain's DNS, so that mail from it is signed and bounces find their way back to SES."""

from dataclasses import dataclass

from postroom_domain.domain_states import RecordState

DEFAULT_RETURN_PATH = "send"
DEFAULT_REGION = "us-east-1"

_SECOND_LEVELS = frozenset("ac co com edu gob gov go gouv gv ltd mil ne net nom or org plc sch".split())  # noqa: SIM905
"""Under a country these are no domain of anybody's: `example.co.uk` is as far up as a zone goes."""


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record, named relative to the zone that it most likely stands in.

    Attributes:
        record: what it is for: SPF or DKIM.
        priority: of an MX record only.
    """

    record: str
    name: str
    type: str
    value: str
    status: RecordState
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a domain's records are made of, and what was found of them."""

    name: str
    region: str
    return_path: str
    selector: str
    public_key: str
    dkim: RecordState
    return_path_state: RecordState


def return_path_domain(return_path: str, name: str) -> str:
    """The MAIL FROM domain: where bounces go."""
    return f"{return_path}.{name}"


def list_records(domain: Expected) -> list[DnsRecord]:
    """The records that SES looks for, in the order in which Resend lists them."""
    return_path = below_zone(domain.return_path, domain.name)
    return [
        DnsRecord(
            record="SPF",
            name=return_path,
            type="MX",
            value=f"feedback-smtp.{domain.region}.amazonses.com",
            status=domain.return_path_state,
            priority=10,
        ),
        DnsRecord(
            record="SPF",
            name=return_path,
            type="TXT",
            value="v=spf1 include:amazonses.com ~all",
            status=domain.return_path_state,
        ),
        DnsRecord(
            record="DKIM",
            name=below_zone(f"{domain.selector}._domainkey", domain.name),
            type="TXT",
            value=f"p={domain.public_key}",
            status=domain.dkim,
        ),
    ]


def below_zone(prefix: str, name: str) -> str:
    """A name below a domain, without the zone: ``send.mail`` for ``send`` below ``mail.example.com``.

    That is how Resend shows it and how most DNS consoles ask for it. Which part is the zone is judged by the shape of
    the name alone; a public-suffix list would know more, and be out of date.
    """
    labels = name.split(".")
    under_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS  # noqa: PLR2004 - shapes
    return ".".join([prefix, *labels[: -3 if under_country else -2]])
