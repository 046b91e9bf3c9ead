"""``/hooks``: what providers post. No API key is asked for: a message proves itself."""

import msgspec
from litestar import Router, post

from postroom_api.bodies import AnyRequest, read_body
from postroom_api.ses_hook import SesHook
from postroom_api.sns_message import read_message


class Taken(msgspec.Struct, frozen=True):
    """Attributes: result says what became of the message, in one word."""

    result: str


def hook_routes(ses: SesHook) -> Router:
    @post("/ses", status_code=200)
    async def take_ses_message(request: AnyRequest) -> Taken:
        raw = request.headers.get("x-amz-sns-rawdelivery") == "true"
        return Taken(await ses.take(read_message(await read_body(request), raw=raw)))

    return Router("/hooks", route_handlers=[take_ses_message], include_in_schema=False)
