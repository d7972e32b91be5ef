from aggregator.billing.v1 import transaction_service_pb2 as _transaction_service_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TransactionCreated(_message.Message):
    __slots__ = ("transaction_id", "user_id", "type", "amount_nanos", "reference")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_NANOS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    transaction_id: str
    user_id: str
    type: _transaction_service_pb2.TransactionType
    amount_nanos: int
    reference: str
    def __init__(self, transaction_id: _Optional[str] = ..., user_id: _Optional[str] = ..., type: _Optional[_Union[_transaction_service_pb2.TransactionType, str]] = ..., amount_nanos: _Optional[int] = ..., reference: _Optional[str] = ...) -> None: ...
