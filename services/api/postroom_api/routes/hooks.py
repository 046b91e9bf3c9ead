"""``/hooks``: what providers post. No API key is asked for: a message proves itself."""

import msgspec
from litestar import Router, post

from postroom_api.bodies import AnyRequest, read_body
from postroom_api.errors import UNREADABLE_BODY, refuse
from postroom_api.ses_hook import SesHook
from postroom_transport.sns_messages import UnreadableMessage, read_message


class Taken(msgspec.Struct, frozen=True):
    """Attributes: result says what became of the message, in one word."""

    result: str


def hook_routes(ses: SesHook) -> Router:
    @post("/ses", status_code=200)
    async def take_ses_message(request: AnyRequest) -> Taken:
        if request.headers.get("x-amz-sns-rawdelivery") == "true":
            raise refuse(
                UNREADABLE_BODY,
                reason="raw message delivery carries no signature. Switch it off for this subscription.",
            )
        try:
            message = read_message(await read_body(request))
        except UnreadableMessage as problem:
            raise refuse(UNREADABLE_BODY, reason=f"it is no message of Amazon SNS: {problem}.") from None
        return Taken(await ses.take(message, request.state.request_id))

    return Router("/hooks", route_handlers=[take_ses_message], include_in_schema=False)
