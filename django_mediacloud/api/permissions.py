from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, DjangoModelPermissions
from rest_framework.request import Request


class StaffWrites(DjangoModelPermissions):
    """Everybody who is logged in reads. Staff writes, with the same permissions that the admin asks for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS:
            return bool(request.user and request.user.is_authenticated)
        return bool(request.user and request.user.is_staff) and super().has_permission(request, view)
