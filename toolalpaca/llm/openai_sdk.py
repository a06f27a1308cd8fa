"""A server of OpenAI's protocol, reached by the official SDK.

The SDK owns what is OpenAI's own: who is asking (key, organization, project), where (``/v1``), and
what every request carries. What comes back is read here like that of any other server: the SDK
would try nothing again once a reply has begun, and does not check what servers put into chunks.
"""

from __future__ import annotations

from typing import Any

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream, Omit, OpenAIError

from toolalpaca.errors import ModelUnavailable
from toolalpaca.llm.model_server import OPENAI, ModelServer, Service

_NO_KEY = "no-key-given"  # the SDK wants one; it is not sent


class SdkServer(ModelServer):
    """A server, with the key for it; see :class:`ModelServer`.

    Raises:
        ModelUnavailable: The SDK refuses the settings.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        model: str = "",
        service: Service = OPENAI,
        timeout: float = 120.0,
    ) -> None:
        super().__init__(url, model=model, service=service, timeout=timeout)
        self.key = key
        self._own_headers: dict[str, Any] = {"Content-Type": "application/json"}
        if not key:
            self._own_headers["Authorization"] = Omit()
        try:
            self._sdk = AsyncOpenAI(
                base_url=url,
                api_key=key or _NO_KEY,
                http_client=self._client,
                timeout=self._client.timeout,
                max_retries=0,  # toolalpaca.llm.remote tries again, for every protocol alike
            )
        except OpenAIError as error:
            raise ModelUnavailable(f"the OpenAI SDK refuses: {error}", where=self.where) from error

    async def _post(self, path: str, content: bytes) -> httpx2.Response:
        try:
            stream = await self._sdk.post(
                f"/{path}",
                cast_to=object,
                content=content,
                options={"headers": self._own_headers},
                stream=True,
                stream_cls=AsyncStream[object],
            )
        except APIStatusError as error:
            return error.response
        except APIConnectionError as error:
            if isinstance(error.__cause__, httpx2.HTTPError):
                raise error.__cause__ from error
            raise httpx2.TransportError(str(error.__cause__ or error)) from error
        return stream.response
