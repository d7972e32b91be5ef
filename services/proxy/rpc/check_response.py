"""Admission's answers as Envoy's ext_authz reads them.

What is the same for every request to a model is serialized once. Joining serialized messages merges
them: maps unite, repeated fields append (the protobuf encoding guide, "Last One Wins").
"""

from collections import OrderedDict
from typing import Any

from envoy.service.auth.v3 import external_auth_pb2
from google.rpc import code_pb2

from services.proxy.domain.body_edits import edits_for
from services.proxy.domain.routing import Target
from services.proxy.rpc.openai_errors import HttpRefusal
from services.proxy.usecases.admit import Admission

# xds-protos comes without types.
pb2: Any = external_auth_pb2
PATH = "/chat/completions"
ROUTES_MAX = 4096
CODES = {400: code_pb2.INVALID_ARGUMENT, 401: code_pb2.UNAUTHENTICATED}


class CheckResponses:
    """Builds answers; remembers the constant part for each list of targets."""

    def __init__(self) -> None:
        self._constant: OrderedDict[tuple[Target, ...], bytes] = OrderedDict()

    def admitted(self, admission: Admission, *, record: str) -> bytes:
        """Returns the serialized answer that lets a request go on."""
        hold = admission.hold
        answer = pb2.CheckResponse()
        header = answer.ok_response.headers.add().header
        # ext_authz chooses the route anew only if its answer changes a header.
        header.key, header.value = "x-aggregator-request", hold.request_id
        fields = answer.dynamic_metadata.fields
        fields["request"].string_value = hold.request_id
        fields["record"].string_value = record
        if admission.request.hides_usage:
            fields["hide_usage"].string_value = "1"
        for target in admission.targets:
            edits = edits_for(admission.spans, admission.request, target.upstream_model)
            fields[f"edits:{target.cluster}"].string_value = edits
        return self._constant_part(admission.targets) + answer.SerializeToString()

    def _constant_part(self, targets: tuple[Target, ...]) -> bytes:
        known = self._constant.get(targets)
        if known is None:
            known = self._constant[targets] = _serialize_constant(targets)
            if len(self._constant) > ROUTES_MAX:
                self._constant.popitem(last=False)
        return known


def refused(refusal: HttpRefusal) -> bytes:
    """Returns the serialized answer that refuses a request."""
    answer = pb2.CheckResponse()
    answer.status.code = CODES.get(refusal.status, code_pb2.PERMISSION_DENIED)
    denied = answer.denied_response
    denied.status.code = refusal.status
    denied.body = refusal.body.decode()
    for key, value in refusal.headers:
        header = denied.headers.add().header
        header.key, header.value = key, value
    return answer.SerializeToString()


def _serialize_constant(targets: tuple[Target, ...]) -> bytes:
    answer = pb2.CheckResponse()
    header = answer.ok_response.headers.add().header
    header.key, header.value = "x-envoy-max-retries", str(len(targets) - 1)
    fields = answer.dynamic_metadata.fields
    groups = fields["priority_groups"].list_value
    for target in targets:
        fields[f"path:{target.cluster}"].string_value = target.base_path + PATH
        group = groups.values.add().struct_value.fields
        group["name"].string_value = target.cluster
        cluster = group["clusters"].list_value.values.add().struct_value.fields
        cluster["cluster_name"].string_value = target.cluster
        cluster["weight"].number_value = 1
    return answer.SerializeToString()
