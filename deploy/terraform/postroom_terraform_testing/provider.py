"""A stand-in for the provider hashicorp/aws: the real provider's schemas, and an account that holds nothing but names.

Terraform talks to it as to every provider (plugin protocol 5, over gRPC), so that it validates, plans, applies and
destroys a configuration for real, on a machine that reaches neither AWS nor the provider registry. What it cannot
tell: what AWS itself would refuse.
"""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import msgspec

from postroom_terraform_testing import answers
from postroom_terraform_testing.schemas import DATA_SOURCES, PROVIDER, RESOURCES, encode
from postroom_terraform_testing.wire import entry, field, read

SOURCE = "hashicorp/aws"

_ERROR = 1
"""The severity of a diagnostic that stops Terraform."""

_Values = dict[str, Any]
_Answer = Callable[[bytes], bytes]


class Provider:
    """Attributes: account is what is there now, by type and id; also what outlives a thing that was destroyed."""

    def __init__(self) -> None:
        self.account: dict[tuple[str, str], _Values] = {}
        self._ids = count(1)
        self.calls: dict[str, _Answer] = {
            "GetSchema": self._get_schema,
            "PrepareProviderConfig": lambda request: field(1, read(request)[1]),
            "Configure": lambda _: b"",
            "ValidateResourceTypeConfig": lambda _: b"",
            "ValidateDataSourceConfig": lambda _: b"",
            "UpgradeResourceState": self._upgrade,
            "ReadResource": lambda request: field(1, read(request)[2]),
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ReadDataSource": self._read_data_source,
            "Stop": lambda _: b"",
        }

    def _get_schema(self, _: bytes) -> bytes:
        resources = b"".join(entry(2, name, encode(block)) for name, block in RESOURCES.items())
        data_sources = b"".join(entry(3, name, encode(block)) for name, block in DATA_SOURCES.items())
        return field(1, encode(PROVIDER)) + resources + data_sources

    def _upgrade(self, request: bytes) -> bytes:
        return field(1, field(2, read(read(request)[3])[1]))

    def _plan(self, request: bytes) -> bytes:
        fields = read(request)
        type_, proposed = fields[1].decode(), _open(fields[3])
        if proposed is not None:
            proposed = answers.leave_open(RESOURCES[type_], proposed)
        return field(1, _close(proposed)) + field(5, 1)

    def _apply(self, request: bytes) -> bytes:
        fields = read(request)
        type_, prior, planned = fields[1].decode(), _open(fields[2]), _open(fields[3])
        if planned is None:
            return self._destroy(type_, prior)
        made = answers.fill(RESOURCES[type_], planned, type_=type_)
        if prior is None:
            made["id"] = f"{type_}-{next(self._ids)}"
        self.account[type_, made["id"]] = made
        return field(1, _close(made)) + field(4, 1)

    def _destroy(self, type_: str, prior: _Values) -> bytes:
        if prior.get("deletion_protection"):
            refusal = field(1, _ERROR) + field(2, "Cannot delete protected DB Instance")
            return field(1, _close(prior)) + field(3, refusal)
        del self.account[type_, prior["id"]]
        if prior.get("skip_final_snapshot") is False:
            self.account["aws_db_snapshot", prior["final_snapshot_identifier"]] = {}
        if prior.get("delete_automated_backups") is False:
            self.account["aws_db_instance_automated_backups", prior["id"]] = {}
        return field(1, _close(None))

    def _read_data_source(self, request: bytes) -> bytes:
        fields = read(request)
        type_ = fields[1].decode()
        return field(1, _close(answers.fill(DATA_SOURCES[type_], _open(fields[2]), type_=type_)))


@contextmanager
def running(folder: Path) -> Iterator[Provider]:
    """A provider that every Terraform which this process starts meanwhile takes for hashicorp/aws.

    Args:
        folder: for its socket, whose path must stay short.
    """
    provider = Provider()
    socket = folder / "aws"
    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        name: grpc.unary_unary_rpc_method_handler(_unary(answer)) for name, answer in provider.calls.items()
    }
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tfplugin5.Provider", methods),))
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    address = {"Network": "unix", "String": str(socket)}
    where = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True, "Addr": address}
    os.environ["TF_REATTACH_PROVIDERS"] = json.dumps({SOURCE: where})
    try:
        yield provider
    finally:
        del os.environ["TF_REATTACH_PROVIDERS"]
        server.stop(grace=None).wait()


def _unary(answer: _Answer) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    return lambda request, _: answer(request)


def _open(value: bytes) -> Any:
    return msgspec.msgpack.decode(read(value)[1])


def _close(values: _Values | None) -> bytes:
    return field(1, msgspec.msgpack.encode(values))
