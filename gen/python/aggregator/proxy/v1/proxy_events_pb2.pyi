import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_SETTLED: _ClassVar[Outcome]
    OUTCOME_ESTIMATED: _ClassVar[Outcome]
    OUTCOME_EXPIRED: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_SETTLED: Outcome
OUTCOME_ESTIMATED: Outcome
OUTCOME_EXPIRED: Outcome

class TokenCounts(_message.Message):
    __slots__ = ("input", "cached_input", "output", "reasoning")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CACHED_INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    input: int
    cached_input: int
    output: int
    reasoning: int
    def __init__(self, input: _Optional[int] = ..., cached_input: _Optional[int] = ..., output: _Optional[int] = ..., reasoning: _Optional[int] = ...) -> None: ...

class UsageRecorded(_message.Message):
    __slots__ = ("request_id", "user_id", "account_id", "key_id", "lease_id", "hold_nanos", "amount_nanos", "price_version", "service", "resource", "model", "provider_id", "tokens", "outcome", "http_status", "attempts", "stream", "start_time", "duration_ms", "first_byte_ms", "traceparent")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    HOLD_NANOS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_NANOS_FIELD_NUMBER: _ClassVar[int]
    PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    FIRST_BYTE_MS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    account_id: str
    key_id: str
    lease_id: str
    hold_nanos: int
    amount_nanos: int
    price_version: int
    service: str
    resource: str
    model: str
    provider_id: str
    tokens: TokenCounts
    outcome: Outcome
    http_status: int
    attempts: int
    stream: bool
    start_time: _timestamp_pb2.Timestamp
    duration_ms: int
    first_byte_ms: int
    traceparent: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., account_id: _Optional[str] = ..., key_id: _Optional[str] = ..., lease_id: _Optional[str] = ..., hold_nanos: _Optional[int] = ..., amount_nanos: _Optional[int] = ..., price_version: _Optional[int] = ..., service: _Optional[str] = ..., resource: _Optional[str] = ..., model: _Optional[str] = ..., provider_id: _Optional[str] = ..., tokens: _Optional[_Union[TokenCounts, _Mapping]] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., http_status: _Optional[int] = ..., attempts: _Optional[int] = ..., stream: _Optional[bool] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_ms: _Optional[int] = ..., first_byte_ms: _Optional[int] = ..., traceparent: _Optional[str] = ...) -> None: ...

class UsageBatch(_message.Message):
    __slots__ = ("records",)
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[UsageRecorded]
    def __init__(self, records: _Optional[_Iterable[_Union[UsageRecorded, _Mapping]]] = ...) -> None: ...
