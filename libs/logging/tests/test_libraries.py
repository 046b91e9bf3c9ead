"""The libraries of the services, made to really say something: every line comes out in the one format."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., list[dict[str, Any]]]


def logged(lines: list[dict[str, Any]], logger: str) -> list[dict[str, Any]]:
    found = [line for line in lines if line["event"] == "library.logged" and line["logger"].startswith(logger)]
    assert found, f"{logger} said nothing"
    assert all(isinstance(line["message"], str) for line in found)
    return found


def test_sqlalchemy_that_echoes_keeps_values_to_itself(run: Run) -> None:
    lines = run(
        """
        from sqlalchemy import create_engine, text
        engine = create_engine("sqlite://", echo="debug", echo_pool="debug")
        with engine.connect() as connection:
            connection.execute(text("SELECT :subject"), {"subject": "h4dden"}).all()
            try:
                connection.execute(text("SELECT :subject FROM nowhere"), {"subject": "h4dden"})
            except Exception:
                logger.exception("query.failed")
        """
    )
    messages = [line["message"] for line in logged(lines, "sqlalchemy.engine")]
    assert "SELECT ?" in messages
    assert any(message.startswith("[generated in") for message in messages)
    assert "no such table" in lines[-2]["error"] + lines[-1].get("error", "")
    assert not [line for line in lines if "h4dden" in str({**line, "traceback": ""})]
    failed = next(line for line in lines if line["event"] == "query.failed")
    assert "[parameters: ***]" in failed["error"]


def test_sqlalchemy_says_nothing_by_itself_even_at_debug(run: Run) -> None:
    code = """
        from sqlalchemy import create_engine, text
        with create_engine("sqlite://").connect() as connection:
            connection.execute(text("SELECT 1"))
        logger.info("a.b")
    """
    assert [line["event"] for line in run(code, level="debug")] == ["a.b"]


def test_uvicorn(run: Run) -> None:
    lines = run(
        """
        import asyncio, urllib.request, uvicorn

        async def app(scope, receive, send):
            if scope["type"] == "http":
                raise RuntimeError("the handler failed")

        async def main():
            server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off"))
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with logger.contextualize(request_id="outside"):
                writer.write(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
                await reader.read()
            writer.close()
            server.should_exit = True
            await serving

        asyncio.run(main())
        """
    )
    found = logged(lines, "uvicorn")
    assert any("Uvicorn running on" in line["message"] for line in found)
    failure = next(line for line in found if line["level"] == "error")
    assert (failure["error_type"], failure["error"]) == ("RuntimeError", "the handler failed")


def test_apscheduler(run: Run) -> None:
    lines = run(
        """
        import threading
        from apscheduler.events import EVENT_JOB_ERROR
        from apscheduler.schedulers.background import BackgroundScheduler

        def fail():
            raise RuntimeError("the job failed for bob@example.com")

        failed = threading.Event()
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_listener(lambda event: failed.set(), EVENT_JOB_ERROR)
        scheduler.add_job(fail)
        scheduler.start()
        assert failed.wait(10)
        scheduler.shutdown()
        """
    )
    (line,) = logged(lines, "apscheduler.executors")
    assert (line["level"], line["error"]) == ("error", "the job failed for ***")


def test_apscheduler_may_skip_ticks(run: Run) -> None:
    lines = run(
        """
        import threading, time
        from apscheduler.events import EVENT_JOB_MAX_INSTANCES
        from apscheduler.schedulers.background import BackgroundScheduler

        skipped, done = threading.Event(), threading.Event()
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_listener(lambda event: skipped.set(), EVENT_JOB_MAX_INSTANCES)
        scheduler.add_job(done.wait, "interval", seconds=0.05)
        scheduler.start()
        assert skipped.wait(10)
        done.set()
        scheduler.shutdown()
        """
    )
    assert lines == []


def test_dramatiq(run: Run) -> None:
    lines = run(
        """
        import dramatiq
        from dramatiq.brokers.stub import StubBroker
        broker = StubBroker(middleware=[])

        @dramatiq.actor(broker=broker)
        def fail(address):
            raise RuntimeError("the actor failed")

        worker = dramatiq.Worker(broker, worker_timeout=10, worker_threads=1)
        worker.start()
        fail.send("bob@example.com")
        broker.join("default", fail_fast=False)
        worker.join()
        worker.stop()
        """,
        level="debug",
    )
    failure = next(line for line in logged(lines, "dramatiq") if "traceback" in line)
    assert failure["error"] == "the actor failed"
    assert "bob" not in str(lines)


BOTO = """
    import boto3, logging, socket
    from botocore.config import Config
    {before}
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))  # bound and never listening: a closed port that nobody else can take
    client = boto3.client(
        "sesv2", region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{{probe.getsockname()[1]}}",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="h4ddenh4ddenh4dden",
        aws_session_token="h4ddenSession",
        config=Config(retries={{"total_max_attempts": 1}}),
    )
    try:
        client.send_email(
            FromEmailAddress="news@example.com",
            Destination={{"ToAddresses": ["bob@example.com"]}},
            Content={{"Raw": {{"Data": b"Subject: h4dden subject\\r\\n\\r\\n" + b"h4dden body " * 50}}}},
        )
    except Exception:
        logger.exception("transport.failed")
    probe.close()
"""


def test_boto3_is_silent_below_a_warning(run: Run) -> None:
    lines = run(BOTO.format(before=""), level="debug")
    assert [line["event"] for line in lines if not line.get("logger", "").startswith("asyncio")] == ["transport.failed"]
    assert lines[-1]["error_type"] == "EndpointConnectionError"


def test_boto3_made_to_talk_shows_no_key_and_no_mail(run: Run) -> None:
    talk = "\n    ".join(
        f"logging.getLogger({name!r}).setLevel(logging.DEBUG)" for name in ("boto3", "botocore", "urllib3")
    )
    lines = run(BOTO.format(before=talk), level="debug")
    assert len(logged(lines, "botocore")) > 20
    shown = str([{**line, "traceback": ""} for line in lines])
    for hidden in ("IOSFODNN7", "h4dden", "bob", "news@", "aDRkZGVu"):
        assert hidden not in shown


def test_warnings_asyncio_threads_and_finalizers(run: Run) -> None:
    lines = run(
        """
        import asyncio, gc, threading, warnings
        warnings.warn("old", DeprecationWarning)

        async def fail():
            raise RuntimeError("in a task")

        async def main():
            task = asyncio.create_task(fail())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            del task
            gc.collect()

        asyncio.run(main())
        thread = threading.Thread(target=lambda: 1 / 0, name="t1")
        thread.start()
        thread.join()

        class Thing:
            def __del__(self):
                raise RuntimeError("in a finalizer")

        Thing()
        """
    )
    assert [line["event"] for line in lines] == [
        "library.logged", "library.logged", "thread.crashed", "exception.ignored"
    ]  # fmt: skip
    assert (lines[0]["logger"], lines[0]["level"]) == ("py.warnings", "warning")
    assert (lines[1]["logger"], lines[1]["error"]) == ("asyncio", "in a task")
    assert (lines[2]["level"], lines[2]["thread"]) == ("critical", "t1")
    assert lines[3]["error"] == "in a finalizer"


def test_a_crash_is_an_event_and_python_still_exits_with_1(run: Run) -> None:
    (line,) = run("raise ValueError('nobody caught it')", exit_code=1)
    assert (line["event"], line["level"], line["error"]) == ("process.crashed", "critical", "nobody caught it")


def test_sys_exit_is_no_crash(run: Run) -> None:
    assert run("import sys; sys.exit(3)", exit_code=3) == []


def test_a_library_keeps_the_context_of_the_event_that_it_serves(run: Run) -> None:
    (line,) = run(
        """
        import logging
        with logger.contextualize(request_id="r1"):
            logging.getLogger("some").warning("%s of %s", 1, 2)
        """
    )
    assert (line["request_id"], line["message"], line["logger"]) == ("r1", "1 of 2", "some")


def test_wrong_arguments_of_a_library_lose_nothing(run: Run) -> None:
    (line,) = run("import logging; logging.getLogger('some').warning('%s of %s', 1)")
    assert line["message"] == "%s of %s"


def test_an_event_may_interrupt_another(run: Run) -> None:
    lines = run(
        """
        import signal
        signal.signal(signal.SIGALRM, lambda number, frame: logger.info("signal.seen"))
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        for _ in range(3000):
            logger.info("a.b")
        signal.setitimer(signal.ITIMER_REAL, 0)
        """
    )
    events = [line["event"] for line in lines]
    assert events.count("a.b") == 3000
    assert events.count("signal.seen") > 10
