from collections.abc import Sequence
from typing import overload

from postroom_images_testing.stack import Stack


class Addresses(Sequence[str]):
    """Where the apis of a stack answer now: a container that is started again may get another address.

    Args:
        stack: whose.
        names: of the apis.
    """

    def __init__(self, stack: Stack, *names: str) -> None:
        self._stack = stack
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        host, port = self._stack.address(self._names[index])
        return f"http://{host}:{port}"
