"""The inbox in a real browser: what a person sees of captured mail, and what hostile mail cannot do."""

import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from uuid import uuid4

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from postroom_api_testing.running import RunningApi
from postroom_database.inbox_store import DatabaseInboxStore
from postroom_testing.migrated import new_sqlite

Capture = Callable[..., str]

_WAIT_SECONDS = 30
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c636060f8cf500f0003050101"
    "b5a1f6c80000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in found.items() if path is None]
    assert not missing, f"install the Debian packages chromium and chromium-driver: {missing} not found"
    options = ChromeOptions()
    options.binary_location = str(found["chromium"])
    for argument in (
        "headless=new",
        "no-sandbox",  # as root there is none
        "disable-gpu",
        "disable-dev-shm-usage",
        "disable-background-networking",
        "no-proxy-server",
        "window-size=1280,900",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(found["chromedriver"]))
    yield chrome
    chrome.quit()


@pytest.fixture
def inbox_api(redis_url: str, tmp_path: Path) -> Iterator[RunningApi]:
    with RunningApi(new_sqlite(tmp_path), redis_url) as running:
        yield running


@pytest.fixture
def capture(inbox_api: RunningApi) -> Capture:
    """Put a message into the inbox as a worker does; returns the email's id."""
    store = DatabaseInboxStore(inbox_api.database)

    def save(subject: str, *, to: str = "to@example.com", text: str | None = "Hi", html: str | None = None) -> str:
        message = EmailMessage(policy=SMTP)
        message["Subject"] = subject
        message["From"] = "from@example.com"
        message["To"] = to
        if text is not None:
            message.set_content(text)
        if html is not None:
            message.add_alternative(html, subtype="html")
        message.add_attachment(_PIXEL, maintype="image", subtype="png", filename="pixel.png")
        email_id = uuid4()
        store.save(email_id=email_id, sender="from@example.com", recipients=(to,), raw=message.as_bytes())
        return str(email_id)

    return save


@pytest.fixture
def page(browser: Chrome, inbox_api: RunningApi) -> Iterator[Chrome]:
    browser.get(f"http://127.0.0.1:{inbox_api.port}/inbox")
    yield browser
    browser.get("about:blank")  # no more polls of an api that is gone
    log = browser.get_log("browser")  # type: ignore[no-untyped-call] # selenium's
    complaints = [entry["message"] for entry in log if "Content Security Policy" in entry["message"]]
    assert [entry for entry in complaints if "/html?" not in entry] == [], "the page breaks its own policy"


@pytest.fixture
def remote_host() -> Iterator[tuple[str, list[str]]]:
    """A host of pictures elsewhere, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.end_headers()
            self.wfile.write(_PIXEL)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def _find(page: Chrome, selector: str) -> WebElement:
    return page.find_element(By.CSS_SELECTOR, selector)


def _wait(page: Chrome, condition: Callable[[], object]) -> None:
    WebDriverWait(page, _WAIT_SECONDS, poll_frequency=0.05).until(lambda _: condition())


def _wait_for_text(page: Chrome, selector: str, text: str) -> None:
    _wait(page, lambda: text in _find(page, selector).text)


def _subjects(page: Chrome) -> list[str]:
    script = "return [...document.querySelectorAll('#messages .subject')].map((subject) => subject.textContent)"
    return list(page.execute_script(script))


def _open(page: Chrome, subject: str) -> None:
    _wait(page, lambda: subject in _subjects(page))
    page.find_elements(By.CSS_SELECTOR, "#messages a")[_subjects(page).index(subject)].click()
    _wait(page, lambda: _find(page, "#subject").is_displayed() and _find(page, "#subject").text == subject)


def _framed_text(page: Chrome) -> str:
    page.switch_to.frame(_find(page, "#panel-html iframe"))
    try:
        return _find(page, "body").text
    finally:
        page.switch_to.default_content()


def test_an_empty_inbox_shows_how_to_send_the_first_mail(page: Chrome, inbox_api: RunningApi) -> None:
    _wait(page, lambda: _find(page, "#empty").is_displayed())
    command = _find(page, "#curl").text
    assert command.startswith(f"curl http://127.0.0.1:{inbox_api.port}/emails ")
    assert "re_dev_postroom" in command


def test_mail_appears_by_itself_newest_first(page: Chrome, capture: Capture) -> None:
    _wait(page, lambda: _find(page, "#empty").is_displayed())
    capture("First")
    capture("Second")
    _wait(page, lambda: _subjects(page) == ["Second", "First"])
    assert page.title == "(2) Inbox · Postroom"
    assert not _find(page, "#empty").is_displayed()


def test_a_message_shows_as_html_text_source_and_headers(page: Chrome, capture: Capture) -> None:
    capture("Welcome", text="In plain words", html="<h1>In large words</h1>")
    _open(page, "Welcome")
    _wait(page, lambda: "In large words" in _framed_text(page))
    for tab, panel, expected in (
        ("text", "#text", "In plain words"),
        ("source", "#source", "Content-Type: multipart/mixed"),
        ("headers", "#headers", "from@example.com"),
    ):
        _find(page, f"#tab-{tab}").click()
        _wait_for_text(page, panel, expected)
        assert not _find(page, "#panel-html").is_displayed()
    attachment = _find(page, "#attachment-list a")
    assert attachment.text.startswith("pixel.png")
    assert str(attachment.get_attribute("href")).endswith("/attachments/0")


def test_a_link_with_an_emails_id_opens_it_when_it_comes(page: Chrome, capture: Capture) -> None:
    capture("Another")
    email_id = capture("Wanted", html="<p>x</p>")
    page.execute_script(f"location.hash = '{email_id}'")
    _wait(page, lambda: _find(page, "#subject").text == "Wanted")


def test_the_filter_keeps_to_a_recipient(page: Chrome, capture: Capture) -> None:
    capture("For Ann", to="ann@example.com")
    capture("For Bob", to="bob@example.com")
    _wait(page, lambda: len(_subjects(page)) == 2)
    _find(page, "#filter").send_keys("BOB@")
    _wait(page, lambda: _subjects(page) == ["For Bob"])
    _find(page, "#filter").send_keys("nobody")
    _wait(page, lambda: _find(page, "#no-match").is_displayed())
    _find(page, "#filter").clear()
    _find(page, "#filter").send_keys(" ")
    _wait(page, lambda: len(_subjects(page)) == 2)


def test_keys_step_through_mail_and_tabs(page: Chrome, capture: Capture) -> None:
    capture("Older", html="<p>x</p>")
    capture("Newer", html="<p>x</p>")
    _wait(page, lambda: len(_subjects(page)) == 2)
    body = _find(page, "body")
    for key, subject in (("j", "Newer"), ("j", "Older"), ("k", "Newer")):
        body.send_keys(key)
        _wait_for_text(page, "#subject", subject)
    assert page.title == "Inbox · Postroom"
    _find(page, "#tab-html").send_keys(Keys.ARROW_RIGHT)
    assert page.switch_to.active_element.get_attribute("id") == "tab-text"
    assert _find(page, "#panel-text").is_displayed()


def test_hostile_mail_stays_words(page: Chrome, capture: Capture, inbox_api: RunningApi) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    html = f"{attack}<p>seen</p><script>top.document.title = 'owned'; top.location = 'about:blank'</script>"
    capture(attack, to='"<b>x</b>"@example.com', text=attack, html=html + "<meta http-equiv=refresh content=0;url=/>")
    _open(page, attack)
    _wait(page, lambda: "seen" in _framed_text(page))
    _find(page, "#tab-text").click()
    assert _find(page, "#text").text == attack
    assert page.find_elements(By.CSS_SELECTOR, ".panes img, .panes script") == []
    assert page.title == "Inbox · Postroom"
    frame = _find(page, "#panel-html iframe")
    assert frame.get_dom_attribute("sandbox") == ""
    # Even outside of the frame, the document that the server gives may run nothing.
    page.get(str(frame.get_attribute("src")))
    _wait(page, lambda: "seen" in _find(page, "body").text)
    assert page.title != "owned"
    assert page.current_url.startswith(f"http://127.0.0.1:{inbox_api.port}/inbox/messages/")


def test_remote_pictures_load_only_when_asked_for(
    page: Chrome, capture: Capture, remote_host: tuple[str, list[str]]
) -> None:
    url, asked = remote_host
    capture("Without", html='<p>quiet</p><a href="http://127.0.0.1:1/link">a link loads nothing</a>')
    capture("With", html=f'<p>tracked</p><img src="{url}/pixel.png">')
    _open(page, "Without")
    _wait(page, lambda: "quiet" in _framed_text(page))
    assert not _find(page, "#remote").is_displayed()
    _open(page, "With")
    _wait(page, lambda: _find(page, "#remote").is_displayed())
    _wait(page, lambda: "tracked" in _framed_text(page))
    assert asked == []
    _find(page, "#remote").click()
    _wait(page, lambda: asked == ["/pixel.png"])
    assert not _find(page, "#remote").is_displayed()


def test_a_server_that_goes_away_is_told_and_what_was_there_stays(
    browser: Chrome, redis_url: str, tmp_path: Path
) -> None:
    with RunningApi(new_sqlite(tmp_path), redis_url) as running:
        DatabaseInboxStore(running.database).save(
            email_id=uuid4(), sender="a@example.com", recipients=("b@example.com",), raw=b"Subject: Kept\r\n\r\nHi\r\n"
        )
        browser.get(f"http://127.0.0.1:{running.port}/inbox")
        _wait(browser, lambda: _find(browser, "#status").text == "Live")
    _wait(browser, lambda: "does not answer" in _find(browser, "#status").text)
    assert _subjects(browser) == ["Kept"]
    browser.get("about:blank")
