import os
import signal
import threading
import time

import pytest

from postroom_embedded.signals import Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_wait_and_asks_to_stop(signals: Signals, number: signal.Signals) -> None:
    threading.Timer(0.1, os.kill, [os.getpid(), number]).start()
    began = time.monotonic()
    signals.wait(30)
    assert time.monotonic() - began < 15
    assert signals.stop_asked
    assert not signals.at_once


def test_a_signal_before_the_wait_is_not_missed(signals: Signals) -> None:
    signal.raise_signal(signal.SIGTERM)
    began = time.monotonic()
    signals.wait(30)
    assert time.monotonic() - began < 15


def test_only_a_second_interrupt_means_at_once(signals: Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)  # the same press of Ctrl-C, told by two
    assert not signals.at_once
    now += 1
    signal.raise_signal(signal.SIGINT)
    assert signals.at_once
