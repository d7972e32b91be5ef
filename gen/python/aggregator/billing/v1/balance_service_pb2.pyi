from aggregator.access.v1 import access_pb2 as _access_pb2
from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.type import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetBalanceRequest(_message.Message):
    __slots__ = ("user_id",)
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    def __init__(self, user_id: _Optional[str] = ...) -> None: ...

class GetBalanceResponse(_message.Message):
    __slots__ = ("user_id", "posted", "held", "available")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    POSTED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    posted: _money_pb2.Money
    held: _money_pb2.Money
    available: _money_pb2.Money
    def __init__(self, user_id: _Optional[str] = ..., posted: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., held: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., available: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class GetTrialBalanceRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTrialBalanceResponse(_message.Message):
    __slots__ = ("sum_nanos", "entries", "transactions", "usage_records", "drifted_account_ids")
    SUM_NANOS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    USAGE_RECORDS_FIELD_NUMBER: _ClassVar[int]
    DRIFTED_ACCOUNT_IDS_FIELD_NUMBER: _ClassVar[int]
    sum_nanos: int
    entries: int
    transactions: int
    usage_records: int
    drifted_account_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sum_nanos: _Optional[int] = ..., entries: _Optional[int] = ..., transactions: _Optional[int] = ..., usage_records: _Optional[int] = ..., drifted_account_ids: _Optional[_Iterable[str]] = ...) -> None: ...
