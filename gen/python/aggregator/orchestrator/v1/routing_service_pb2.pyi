from aggregator.access.v1 import access_pb2 as _access_pb2
from aggregator.orchestrator.v1 import model_service_pb2 as _model_service_pb2
from aggregator.orchestrator.v1 import price_pb2 as _price_pb2
from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RouteRequestRequest(_message.Message):
    __slots__ = ("model", "provider")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    model: str
    provider: str
    def __init__(self, model: _Optional[str] = ..., provider: _Optional[str] = ...) -> None: ...

class RouteCandidate(_message.Message):
    __slots__ = ("provider_id", "upstream_model", "rank", "reason", "price")
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MODEL_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    provider_id: str
    upstream_model: str
    rank: int
    reason: str
    price: _model_service_pb2.PriceList
    def __init__(self, provider_id: _Optional[str] = ..., upstream_model: _Optional[str] = ..., rank: _Optional[int] = ..., reason: _Optional[str] = ..., price: _Optional[_Union[_model_service_pb2.PriceList, _Mapping]] = ...) -> None: ...

class RouteRequestResponse(_message.Message):
    __slots__ = ("model", "provider_id", "candidates", "table_version")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    TABLE_VERSION_FIELD_NUMBER: _ClassVar[int]
    model: str
    provider_id: str
    candidates: _containers.RepeatedCompositeFieldContainer[RouteCandidate]
    table_version: int
    def __init__(self, model: _Optional[str] = ..., provider_id: _Optional[str] = ..., candidates: _Optional[_Iterable[_Union[RouteCandidate, _Mapping]]] = ..., table_version: _Optional[int] = ...) -> None: ...

class WatchRoutingTableRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RouteTarget(_message.Message):
    __slots__ = ("provider_id", "cluster", "base_path", "upstream_model", "price", "max_output_tokens")
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    BASE_PATH_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MODEL_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    provider_id: str
    cluster: str
    base_path: str
    upstream_model: str
    price: _price_pb2.Price
    max_output_tokens: int
    def __init__(self, provider_id: _Optional[str] = ..., cluster: _Optional[str] = ..., base_path: _Optional[str] = ..., upstream_model: _Optional[str] = ..., price: _Optional[_Union[_price_pb2.Price, _Mapping]] = ..., max_output_tokens: _Optional[int] = ...) -> None: ...

class ModelRoute(_message.Message):
    __slots__ = ("model_id", "targets")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    targets: _containers.RepeatedCompositeFieldContainer[RouteTarget]
    def __init__(self, model_id: _Optional[str] = ..., targets: _Optional[_Iterable[_Union[RouteTarget, _Mapping]]] = ...) -> None: ...

class WatchRoutingTableResponse(_message.Message):
    __slots__ = ("version", "routes", "provider_ids")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_IDS_FIELD_NUMBER: _ClassVar[int]
    version: int
    routes: _containers.RepeatedCompositeFieldContainer[ModelRoute]
    provider_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, version: _Optional[int] = ..., routes: _Optional[_Iterable[_Union[ModelRoute, _Mapping]]] = ..., provider_ids: _Optional[_Iterable[str]] = ...) -> None: ...
