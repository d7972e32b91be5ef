"""Calls the management API over REST, as any program outside the mesh would."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.1
NOT_YET = frozenset({502, 503, 504})


class RefusedError(Exception):
    """The API answered with an error."""

    def __init__(self, status: int, *, call: str, message: str) -> None:
        super().__init__(f"{call} answered {status}: {message}")
        self.status = status


@dataclass(frozen=True)
class EdgeClient:
    """One caller of the edge; `credential` is an access token or an API key."""

    session: aiohttp.ClientSession
    url: str
    credential: str = ""

    def signed_in(self, credential: str) -> "EdgeClient":
        """Returns the client of somebody."""
        return EdgeClient(self.session, url=self.url, credential=credential)

    async def call(
        self, method: str, *, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Returns the answer; waits while the mesh is just coming up. Raises RefusedError."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            status, answer = await self._try(method, path=path, body=body)
            if status not in NOT_YET or asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        if status >= 400:  # noqa: PLR2004 - where HTTP's errors begin
            raise RefusedError(status, call=f"{method} {path}", message=answer.get("message", ""))
        return answer

    async def _try(
        self, method: str, *, path: str, body: dict[str, Any] | None
    ) -> tuple[int, dict[str, Any]]:
        headers = {"authorization": f"Bearer {self.credential}"} if self.credential else {}
        try:
            async with self.session.request(
                method, self.url + path, json=body, headers=headers
            ) as response:
                answer = await response.json(content_type=None)
                return response.status, answer if isinstance(answer, dict) else {}
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            return 503, {"message": type(error).__name__}
        except ValueError:
            return 502, {"message": "the answer is no JSON"}
