from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Price(_message.Message):
    __slots__ = ("version", "input_nanos_per_million", "output_nanos_per_million", "cached_input_nanos_per_million", "request_nanos")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    INPUT_NANOS_PER_MILLION_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_NANOS_PER_MILLION_FIELD_NUMBER: _ClassVar[int]
    CACHED_INPUT_NANOS_PER_MILLION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_NANOS_FIELD_NUMBER: _ClassVar[int]
    version: int
    input_nanos_per_million: int
    output_nanos_per_million: int
    cached_input_nanos_per_million: int
    request_nanos: int
    def __init__(self, version: _Optional[int] = ..., input_nanos_per_million: _Optional[int] = ..., output_nanos_per_million: _Optional[int] = ..., cached_input_nanos_per_million: _Optional[int] = ..., request_nanos: _Optional[int] = ...) -> None: ...
