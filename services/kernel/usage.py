"""Token usage in disjoint kinds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one request. The kinds are disjoint but for `reasoning`, a part of `output`."""

    input: int = 0
    cached_input: int = 0
    output: int = 0
    reasoning: int = 0

    @staticmethod
    def from_openai(*, prompt: int, completion: int, cached: int, reasoning: int) -> "TokenUsage":
        """Normalises OpenAI's counts, where cached tokens are inside the prompt's.

        Providers are not trusted to be consistent: negative counts become 0, and parts are never
        larger than their whole.
        """
        prompt, completion = max(prompt, 0), max(completion, 0)
        cached = min(max(cached, 0), prompt)
        reasoning = min(max(reasoning, 0), completion)
        return TokenUsage(prompt - cached, cached, completion, reasoning)
