from aggregator.access.v1 import access_pb2 as _access_pb2
from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.type import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ValidateRequestRequest(_message.Message):
    __slots__ = ("body", "provider")
    BODY_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    body: _struct_pb2.Struct
    provider: str
    def __init__(self, body: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., provider: _Optional[str] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ("field", "code", "message")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    field: str
    code: str
    message: str
    def __init__(self, field: _Optional[str] = ..., code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ValidatedTarget(_message.Message):
    __slots__ = ("provider_id", "upstream_model", "max_cost")
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MODEL_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_FIELD_NUMBER: _ClassVar[int]
    provider_id: str
    upstream_model: str
    max_cost: _money_pb2.Money
    def __init__(self, provider_id: _Optional[str] = ..., upstream_model: _Optional[str] = ..., max_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class ValidateRequestResponse(_message.Message):
    __slots__ = ("valid", "problems", "model", "targets", "max_cost", "estimated_input_tokens")
    VALID_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    valid: bool
    problems: _containers.RepeatedCompositeFieldContainer[Problem]
    model: str
    targets: _containers.RepeatedCompositeFieldContainer[ValidatedTarget]
    max_cost: _money_pb2.Money
    estimated_input_tokens: int
    def __init__(self, valid: _Optional[bool] = ..., problems: _Optional[_Iterable[_Union[Problem, _Mapping]]] = ..., model: _Optional[str] = ..., targets: _Optional[_Iterable[_Union[ValidatedTarget, _Mapping]]] = ..., max_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., estimated_input_tokens: _Optional[int] = ...) -> None: ...
