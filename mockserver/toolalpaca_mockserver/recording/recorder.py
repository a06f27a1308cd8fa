"""Writes exchanges to a file, without their secrets."""

from __future__ import annotations

import logging
from pathlib import Path

from toolalpaca.jsonl import JsonlWriter
from toolalpaca_mockserver.catalog import Catalog, PerApi
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.masking import MaskedExchange, Secrets
from toolalpaca_mockserver.reading.addressing import split_path
from toolalpaca_mockserver.recording.record import (
    Body,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
)

_log = logging.getLogger(__name__)


class Recorder:
    """Listens to exchanges and appends them to a file. Cookies that are set are not written.

    Args:
        path: The file; what a crash has cut off at its end is taken away.
        apis: What is served: its documents say what is secret.

    Raises:
        DataError: The file cannot be written, or holds something else.
    """

    def __init__(self, path: Path, apis: Catalog) -> None:
        self._apis = apis
        # Each API's own: replay, which knows one, must mask the same to find a request again.
        self._secrets = PerApi(lambda api: Secrets([api.document]))
        self._writer: JsonlWriter | None = JsonlWriter(path, durable=False)

    def hear(self, exchange: Exchange) -> None:
        """Write *exchange*, if an operation was called."""
        if self._writer is None or exchange.answer.operation is None:
            return
        api = self._apis.named(exchange.answer.api)
        if api is None:  # it is no longer served
            return
        try:
            self._writer.write(recorded(exchange, self._secrets.of(api)))
        except OSError as error:  # a full disk is no reason to answer nothing
            _log.error(
                "the recording ends here: %s cannot be written: %s", self._writer.path, error
            )
            self.close()

    def close(self) -> None:
        """Write nothing from now on. Calling it twice is harmless."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    async def __aenter__(self) -> Recorder:
        return self

    async def __aexit__(self, *raised: object) -> None:
        self.close()


def recorded(exchange: Exchange, secrets: Secrets) -> RecordedExchange:
    """What is written of *exchange*, of which an operation was called."""
    request, answer = exchange.request, exchange.answer
    assert answer.operation is not None
    shown = MaskedExchange(exchange, secrets)
    headers = {name: value for name, value in shown.answer_headers.items() if name != _CONTENT_TYPE}
    return RecordedExchange(
        at=exchange.at,
        api=answer.api,
        operation=answer.operation.name,
        session=exchange.session,
        source=answer.source,
        conforming=answer.conforming,
        problem=shown.problem,
        request=RecordedRequest(
            method=request.method,
            path=split_path(answer.operation.path, shown.path)[1],
            query=shown.query,
            headers=shown.request_headers,
            body=Body.of(request.body, shown.request_body),
        ),
        response=RecordedResponse(
            status=answer.status,
            content_type=answer.content_type,
            headers=headers,
            body=Body.of(answer.body, shown.answer_body),
            seconds=exchange.milliseconds / 1000,
        ),
    )


_CONTENT_TYPE = "content-type"
