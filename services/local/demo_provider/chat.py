"""Answers chat completions and enters each into the books exactly once."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from services.local.demo_provider.answer import StreamedAnswer, whole_answer
from services.local.demo_provider.books import Books, Ending, Served
from services.local.demo_provider.failures import break_connection, error_answer
from services.local.demo_provider.question import Question

# With no gap between tokens, this many go into one write.
CHUNKS_PER_WRITE = 32
EVENT_STREAM = "text/event-stream; charset=utf-8"


@dataclass
class Chat:
    """One request at one provider."""

    request: web.Request
    provider: str
    question: Question
    books: Books
    headers_sent: bool = False
    chunks_written: int = 0

    async def answer(self) -> web.StreamResponse:
        """Answers as the behaviour says."""
        behaviour = self.question.behaviour
        try:
            if behaviour.delay_ms:
                await asyncio.sleep(behaviour.delay_ms / 1000)
            if behaviour.status is not None:
                self._enter("failed")
                return error_answer(
                    behaviour.status,
                    message=f"The demo provider was told to answer {behaviour.status}.",
                    retry_after=behaviour.retry_after,
                )
            if behaviour.reset == "before":
                return self._reset()
            if behaviour.hang == "before":
                await asyncio.Event().wait()
            response = await self._stream() if self.question.stream else await self._whole()
        except asyncio.CancelledError:
            self._enter("cut")
            raise
        except ConnectionError:
            self._enter("cut")
            return web.Response()  # aiohttp wants one; nobody is there to read it
        return response

    async def _whole(self) -> web.StreamResponse:
        """Sends a JSON answer; without chunks, it breaks or hangs before it."""
        behaviour = self.question.behaviour
        if behaviour.hang is not None:
            await asyncio.Event().wait()
        if behaviour.reset is not None:
            return self._reset()
        if behaviour.gap_ms:
            await asyncio.sleep(behaviour.gap_ms * self.question.tokens / 1000)
        response = web.Response(body=whole_answer(self.question), content_type="application/json")
        await response.prepare(self.request)
        await response.write_eof()
        self.headers_sent = True
        self.chunks_written = self.question.tokens
        self._enter("complete")
        return response

    async def _stream(self) -> web.StreamResponse:
        response = web.StreamResponse(headers={"cache-control": "no-cache"})
        response.headers["content-type"] = EVENT_STREAM
        await response.prepare(self.request)
        self.headers_sent = True
        answer = StreamedAnswer(self.question)
        await response.write(answer.opening())
        stop = self.question.behaviour.stop
        tokens = self.question.tokens
        await self._write_contents(
            response, answer, last=min(stop.chunks, tokens) if stop else tokens
        )
        if stop and stop.hangs:
            await asyncio.Event().wait()
        if stop:
            return self._reset()
        await response.write(answer.closing())
        await response.write_eof()
        self._enter("complete")
        return response

    async def _write_contents(
        self, response: web.StreamResponse, answer: StreamedAnswer, *, last: int
    ) -> None:
        gap_seconds = self.question.behaviour.gap_ms / 1000
        at_once = 1 if gap_seconds else CHUNKS_PER_WRITE
        while self.chunks_written < last:
            count = min(at_once, last - self.chunks_written)
            await response.write(answer.contents(self.chunks_written, count=count))
            self.chunks_written += count
            if gap_seconds:
                await asyncio.sleep(gap_seconds)

    def _reset(self) -> web.StreamResponse:
        self._enter("reset")
        break_connection(self.request)
        return web.Response()  # aiohttp wants one; there is no connection left to send it on

    def _enter(self, ended: Ending) -> None:
        counts = self.headers_sent and ended != "failed"
        question = self.question
        self.books.add(
            Served(
                provider=self.provider,
                model=question.model,
                nonce=question.behaviour.nonce,
                prompt_tokens=question.prompt_tokens if counts else 0,
                completion_tokens=self.chunks_written if counts else 0,
                stream=question.stream,
                ended=ended,
            )
        )
