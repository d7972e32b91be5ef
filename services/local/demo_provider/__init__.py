"""A scripted provider that speaks OpenAI's chat format and keeps its own books.

What a request is answered with is set by its extra body field `demo`, or per provider name with
`POST /control`; `behaviour.py` lists the settings. `GET /served` tells what was served, which is
what a gateway's bills can be checked against.
"""
