"""The application: routes over what main.py opened."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ASGIApp

from postroom_api.bounds import MAX_BODY_BYTES
from postroom_api.edge import Edge
from postroom_api.failures import HANDLERS
from postroom_api.resources import Resources
from postroom_api.routes.api_keys import api_key_routes
from postroom_api.routes.attachments import attachment_routes
from postroom_api.routes.audit import audit_routes
from postroom_api.routes.docs import docs_routes
from postroom_api.routes.domains import domain_routes
from postroom_api.routes.emails import email_routes
from postroom_api.routes.schedules import schedule_routes
from postroom_api.routes.suppressions import suppression_routes
from postroom_api.routes.templates import template_routes
from postroom_api.routes.timelines import timeline_routes
from postroom_api.routes.webhooks import webhook_routes

VERSION = "1"


def create_app(
    resources: Resources, *, operations: Sequence[Router], remaining_seconds: Callable[[], float]
) -> ASGIApp:
    """The ASGI application.

    Args:
        resources: what main.py opened; started and stopped here.
        operations: routes for operators: health always, the inbox where there is one.
        remaining_seconds: what is left of the drain time once the last request was answered.
    """

    @asynccontextmanager
    async def opened(_app: Litestar) -> AsyncIterator[None]:
        resources.start()
        try:
            yield
        finally:
            await resources.stop(remaining_seconds())

    lifespan: list[Callable[[Litestar], AbstractAsyncContextManager[None]]] = [opened]
    app = Litestar(
        route_handlers=[*client_routes(resources), docs_routes(), *operations],
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


def client_routes(resources: Resources) -> list[Router]:
    """What API clients use: each asks for a key."""
    return [
        email_routes(resources),
        timeline_routes(resources),
        domain_routes(resources),
        *attachment_routes(resources),
        api_key_routes(resources),
        suppression_routes(resources),
        template_routes(resources),
        schedule_routes(resources),
        audit_routes(resources),
        *webhook_routes(resources),
    ]
