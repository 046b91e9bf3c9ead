import pytest

from postroom_domain.derived_keys import derive
from postroom_domain.sealing import CannotUnseal, Seal
from postroom_domain.signing import Signer

OLD, NEW = "o" * 32, "n" * 32


def test_a_signature_holds_for_its_message_and_its_purpose_alone() -> None:
    signer = Signer([NEW], "links")
    signature = signer.sign("a/b/1")
    assert signer.verify("a/b/1", signature)
    assert not signer.verify("a/b/2", signature)
    assert not signer.verify("a/b/1", signature[:-1])
    assert not signer.verify("a/b/1", "")
    assert not signer.verify("a/b/1", "\ud800")
    assert not Signer([NEW], "other").verify("a/b/1", signature)


def test_after_rotation_old_signatures_hold_and_new_ones_are_made_with_the_new_secret() -> None:
    old = Signer([OLD], "links").sign("m")
    both = Signer([NEW, OLD], "links")
    assert both.verify("m", old)
    assert Signer([NEW], "links").verify("m", both.sign("m"))
    assert not Signer([NEW], "links").verify("m", old)


def test_what_is_sealed_is_not_readable_and_opens_again() -> None:
    seal = Seal([NEW], "dkim")
    sealed = seal.seal(b"private")
    assert "private" not in sealed
    assert seal.unseal(sealed) == b"private"


def test_after_rotation_what_was_sealed_opens() -> None:
    sealed = Seal([OLD], "dkim").seal(b"private")
    assert Seal([NEW, OLD], "dkim").unseal(sealed) == b"private"


@pytest.mark.parametrize("seal", [Seal([NEW], "dkim"), Seal([OLD], "webhooks")])
def test_another_secret_or_another_purpose_opens_nothing(seal: Seal) -> None:
    with pytest.raises(CannotUnseal):
        seal.unseal(Seal([OLD], "dkim").seal(b"private"))


def test_something_altered_does_not_open() -> None:
    sealed = Seal([NEW], "dkim").seal(b"private")
    with pytest.raises(CannotUnseal):
        Seal([NEW], "dkim").unseal(sealed[:-4] + "AAA=")


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert derive(NEW, "a") != derive(NEW, "b")
    assert len(derive(NEW, "a")) == 32


def test_no_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Signer([], "links")
