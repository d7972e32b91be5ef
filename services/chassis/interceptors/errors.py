"""Turns what handlers raise into statuses. Nothing internal reaches a client."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NoReturn

import grpc

from services.chassis.interceptors.pipeline import Call
from services.chassis.logs import get_logger
from services.chassis.status import status_of, trailing_metadata
from services.kernel.errors import DomainError, Unavailable
from services.kernel.ids import new_id

log = get_logger()
CODES = {code.value[0]: code for code in grpc.StatusCode}


class Errors:
    """Ends a call that raised with the status that the error stands for."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Runs the call."""
        try:
            yield
        except grpc.aio.AbortError:
            raise
        except DomainError as error:
            await _abort(call, error)
        except grpc.aio.AioRpcError as error:
            log.warning("rpc.dependency_failed", method=call.method, code=error.code().name)
            await _abort(call, Unavailable("A service that this call needs"))
        except Exception:
            error_id = new_id()
            log.exception("rpc.failed", method=call.method, error_id=error_id)
            message = "The service failed unexpectedly. Its log has the details."
            await _abort(call, DomainError(message, metadata={"error_id": error_id}))


async def _abort(call: Call, error: DomainError) -> NoReturn:
    status = status_of(error)
    await call.context.abort(CODES[status.code], status.message, trailing_metadata(status))
