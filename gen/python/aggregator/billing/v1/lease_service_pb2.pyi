import datetime

from aggregator.access.v1 import access_pb2 as _access_pb2
from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Lease(_message.Message):
    __slots__ = ("lease_id", "account_id", "granted_nanos", "consumed_nanos", "expire_time")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    GRANTED_NANOS_FIELD_NUMBER: _ClassVar[int]
    CONSUMED_NANOS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    account_id: str
    granted_nanos: int
    consumed_nanos: int
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, lease_id: _Optional[str] = ..., account_id: _Optional[str] = ..., granted_nanos: _Optional[int] = ..., consumed_nanos: _Optional[int] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AcquireLeaseRequest(_message.Message):
    __slots__ = ("account_id", "instance", "lease_id", "sequence", "target_granted_nanos", "minimum_granted_nanos")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_GRANTED_NANOS_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_GRANTED_NANOS_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    instance: str
    lease_id: str
    sequence: int
    target_granted_nanos: int
    minimum_granted_nanos: int
    def __init__(self, account_id: _Optional[str] = ..., instance: _Optional[str] = ..., lease_id: _Optional[str] = ..., sequence: _Optional[int] = ..., target_granted_nanos: _Optional[int] = ..., minimum_granted_nanos: _Optional[int] = ...) -> None: ...

class AcquireLeaseResponse(_message.Message):
    __slots__ = ("lease", "available_nanos", "posted_nanos")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_NANOS_FIELD_NUMBER: _ClassVar[int]
    POSTED_NANOS_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    available_nanos: int
    posted_nanos: int
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., available_nanos: _Optional[int] = ..., posted_nanos: _Optional[int] = ...) -> None: ...

class ReturnLeaseRequest(_message.Message):
    __slots__ = ("lease_id", "sequence", "target_granted_nanos")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_GRANTED_NANOS_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    sequence: int
    target_granted_nanos: int
    def __init__(self, lease_id: _Optional[str] = ..., sequence: _Optional[int] = ..., target_granted_nanos: _Optional[int] = ...) -> None: ...

class ReturnLeaseResponse(_message.Message):
    __slots__ = ("lease",)
    LEASE_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ...) -> None: ...
