"""The OpenAPI document, and a page that shows it without the internet: its assets come from a package."""

from pathlib import Path

import msgspec
import swagger_ui_bundle
from litestar import Litestar, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from postroom_api.bodies import AnyRequest
from postroom_api.contract import contract

_ASSETS = Path(swagger_ui_bundle.swagger_ui_path)
_TYPES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Postroom API</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""
_START = "SwaggerUIBundle({url: '/openapi.json', dom_id: '#api', deepLinking: true, persistAuthorization: false});\n"
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
}
_DAY = {"cache-control": "public, max-age=86400"}


def docs_routes() -> Router:
    written: dict[int, bytes] = {}

    @get("/openapi.json", include_in_schema=False)
    async def openapi_document(request: AnyRequest) -> Response[bytes]:
        app: Litestar = request.app
        document = written.get(id(app)) or written.setdefault(id(app), msgspec.json.encode(contract(app)))
        return Response(document, media_type="application/json")

    @get("/docs", include_in_schema=False)
    async def docs_page() -> Response[str]:
        return Response(_PAGE, media_type="text/html; charset=utf-8", headers=_HEADERS)

    @get("/docs/assets/{name:str}", include_in_schema=False, sync_to_thread=True)
    def docs_asset(name: FromPath[str]) -> Response[bytes]:
        if name == "start.js":
            return Response(_START.encode(), media_type="text/javascript", headers=_HEADERS | _DAY)
        if name not in _TYPES:
            raise NotFoundException
        return Response((_ASSETS / name).read_bytes(), media_type=_TYPES[name], headers=_HEADERS | _DAY)

    return Router("/", route_handlers=[openapi_document, docs_page, docs_asset])
