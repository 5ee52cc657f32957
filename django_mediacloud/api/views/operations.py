from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSet

from ...clouds.registry import all_operations, cloud_aliases, get_operation
from ...core.capabilities import OperationInfo
from ...core.spec import Kind
from ...exceptions import InvalidParameters, UnknownOperation
from ..errors import ErrorsMixin
from ..filters import refuse_unknown, values_of
from ..representations import NAMESPACE


class OperationViewSet(ErrorsMixin, ViewSet):
    """What the clouds of this site can do. Drawn from what each of them declares: there is no list to keep."""

    permission_classes = [IsAuthenticated]

    def list(self, request: Request) -> Response:
        refuse_unknown(request, ("cloud", "kind"))
        clouds = self._wanted(request, "cloud", cloud_aliases())
        kinds = self._wanted(request, "kind", list(Kind))
        shown = [
            self._as_json(alias, operation)
            for alias, operations in all_operations().items()
            for _, operation in sorted(operations.items())
            if alias in clouds and operation.kinds & set(kinds)
        ]
        return Response({"next": None, "previous": None, "results": shown})

    def show(self, _request: Request, cloud: str, name: str) -> Response:
        if cloud not in cloud_aliases():
            raise Http404
        try:
            return Response(self._as_json(cloud, get_operation(cloud, name)))
        except UnknownOperation:
            raise Http404 from None

    @staticmethod
    def _wanted(request: Request, name: str, known: Any) -> Any:
        if name not in request.query_params:
            return known
        try:
            values = values_of(request, name)
        except ValueError as error:
            raise InvalidParameters({name: [str(error)]}) from None
        if any(value not in known for value in values):
            raise InvalidParameters({name: ["must be one of: " + ", ".join(known)]})
        return [Kind(value) for value in values] if name == "kind" else values

    def _as_json(self, alias: str, operation: OperationInfo) -> dict[str, Any]:
        kwargs = {"cloud": alias, "name": operation.name}
        return {
            "cloud": alias,
            "name": operation.name,
            "url": reverse(f"{NAMESPACE}:operation-detail", kwargs=kwargs, request=self.request),
            "summary": operation.summary,
            "kinds": sorted(operation.kinds),
            "parameters": operation.parameters.json_schema(),
            "results": dict(operation.results),
            "files": dict(operation.files),
            "formats": sorted(operation.formats),
        }
