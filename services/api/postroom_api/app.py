"""The application: routes over what main.py opened."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ASGIApp

from postroom_api.bodies import MAX_BODY_BYTES
from postroom_api.edge import Edge
from postroom_api.failures import HANDLERS
from postroom_api.routes.docs import docs_routes
from postroom_api.routes.emails import Emails, email_routes

VERSION = "1"


def create_app(
    emails: Emails,
    *,
    more_routes: list[Router],
    start: Callable[[], None],
    stop: Callable[[], None],
) -> ASGIApp:
    """The ASGI application.

    Args:
        emails: what the email routes need.
        more_routes: operations always, the inbox where there is one.
        start: called on the event loop before the first request.
        stop: called after the last one was answered.
    """

    @asynccontextmanager
    async def opened(_app: Litestar) -> AsyncIterator[None]:
        start()
        try:
            yield
        finally:
            stop()

    lifespan: list[Callable[[Litestar], AbstractAsyncContextManager[None]]] = [opened]
    app = Litestar(
        route_handlers=[email_routes(emails), docs_routes(), *more_routes],
        lifespan=lifespan,
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=OpenAPIConfig(
            title="Postroom",
            version=VERSION,
            description="Transactional email on your own AWS account, in Resend's wire format.",
            path="/openapi",
            render_plugins=[],
            components=Components(
                security_schemes={"ApiKey": SecurityScheme(type="http", scheme="bearer", bearer_format="re_...")}
            ),
        ),
        logging_config=None,
        pdb_on_exception=False,
        debug=False,
    )
    return Edge(app)
