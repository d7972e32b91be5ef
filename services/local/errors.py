"""Why the stack can't run."""


class StackError(Exception):
    """One sentence for the person who started the stack: what is wrong and what to do."""
