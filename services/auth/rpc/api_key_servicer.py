"""Serves ApiKeyService."""

from dataclasses import dataclass
from typing import Any

from aggregator.auth.v1 import api_key_service_pb2 as pb2

from services.auth.domain.key_text import is_key_id
from services.auth.rpc.convert import (
    from_create_api_key,
    from_page_token,
    from_rotate_api_key,
    from_update_api_key,
    to_api_key,
    to_page,
    to_rotated,
)
from services.auth.usecases.create_api_key import CreateApiKey
from services.auth.usecases.get_api_key import GetApiKey
from services.auth.usecases.list_api_keys import ListApiKeys
from services.auth.usecases.revoke_api_key import RevokeApiKey
from services.auth.usecases.rotate_api_key import RotateApiKey
from services.auth.usecases.update_api_key import UpdateApiKey
from services.chassis.caller import caller
from services.chassis.page_token import page_size

PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 200


@dataclass(frozen=True, slots=True)
class ApiKeyServicer:
    """Implements `aggregator.auth.v1.ApiKeyService`."""

    create: CreateApiKey
    list_keys: ListApiKeys
    revoke: RevokeApiKey
    get: GetApiKey
    update: UpdateApiKey
    rotate: RotateApiKey

    async def CreateApiKey(
        self, request: pb2.CreateApiKeyRequest, _context: Any
    ) -> pb2.CreateApiKeyResponse:
        """Creates a key."""
        key, secret = await self.create(from_create_api_key(request), caller=caller())
        return pb2.CreateApiKeyResponse(api_key=to_api_key(key), secret=secret)

    async def ListApiKeys(
        self, request: pb2.ListApiKeysRequest, _context: Any
    ) -> pb2.ListApiKeysResponse:
        """Lists the caller's keys."""
        size = page_size(request.page_size, default=PAGE_SIZE_DEFAULT, maximum=PAGE_SIZE_MAX)
        after = from_page_token(request.page_token, is_known=is_key_id)
        keys = await self.list_keys(caller(), after=after, limit=size + 1)
        return to_page(keys, size=size)

    async def RevokeApiKey(
        self, request: pb2.RevokeApiKeyRequest, _context: Any
    ) -> pb2.RevokeApiKeyResponse:
        """Revokes a key."""
        key = await self.revoke(request.key_id, caller=caller())
        return pb2.RevokeApiKeyResponse(api_key=to_api_key(key))

    async def GetApiKey(
        self, request: pb2.GetApiKeyRequest, _context: Any
    ) -> pb2.GetApiKeyResponse:
        """Returns a key."""
        key = await self.get(request.key_id, caller=caller())
        return pb2.GetApiKeyResponse(api_key=to_api_key(key))

    async def UpdateApiKey(
        self, request: pb2.UpdateApiKeyRequest, _context: Any
    ) -> pb2.UpdateApiKeyResponse:
        """Changes a key."""
        change = from_update_api_key(request)
        key = await self.update(request.key_id, change=change, caller=caller())
        return pb2.UpdateApiKeyResponse(api_key=to_api_key(key))

    async def RotateApiKey(
        self, request: pb2.RotateApiKeyRequest, _context: Any
    ) -> pb2.RotateApiKeyResponse:
        """Replaces a key."""
        return to_rotated(await self.rotate(from_rotate_api_key(request), caller=caller()))
