"""The form of a task, generated from what its operation declares: a new operation needs no form of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminIntegerFieldWidget

from .. import jobs
from ..core.capabilities import OperationInfo
from ..core.spec import JobSpec
from ..exceptions import InvalidParameters
from ..jobs.admission import MAX_PRIORITY
from ..models import Task
from .parameter_fields import ParameterField
from .submission import Fieldsets, SubmissionForm, address_field

VALUE, UPLOAD = "parameter-", "upload-"
"""Before a parameter's name, so that no parameter takes the place of a field of the form's own."""


class TaskForm(SubmissionForm):
    priority = forms.IntegerField(
        required=False,
        min_value=-MAX_PRIORITY,
        max_value=MAX_PRIORITY,
        initial=0,
        help_text="Higher runs first.",
        widget=AdminIntegerFieldWidget,
    )
    callback_url = address_field("Callback URL", help_text="Receives a POST when the task has ended.")

    def __init__(self, *args: Any, cloud: str, operation: OperationInfo) -> None:
        super().__init__(*args)
        self.cloud, self.operation = cloud, operation
        self.places = {item.name: VALUE + item.name for item in operation.parameters}
        for item in operation.parameters:
            self.fields[VALUE + item.name] = ParameterField(item)
            if item.takes_file:
                self.fields[UPLOAD + item.name] = forms.FileField(
                    required=False, allow_empty_file=True, label="or upload", help_text="A file from your computer."
                )

    @property
    def fieldsets(self) -> Fieldsets:  # type: ignore[override]
        names = [
            name
            for item in self.operation.parameters
            for name in [VALUE + item.name, *([UPLOAD + item.name] if item.takes_file else [])]
        ]
        more = {"fields": ["priority", "callback_url"], "classes": ["collapse"]}
        return [(None, {"fields": names}), ("More", more)]

    def clean(self) -> dict[str, Any]:
        given, files = self._values(), self._files()
        for name in given.keys() & files.keys():
            self.add_error(VALUE + name, "give either a URL or a file")
        try:
            self.operation.parameters.clean(given, bound=frozenset(files))
        except InvalidParameters as error:
            # What a field has said already is not said again.
            fresh = {name: said for name, said in error.errors.items() if self.places.get(name) not in self.errors}
            self.refuse(InvalidParameters(fresh))
        return self.cleaned_data

    def submit(self, owner: Any) -> Task:
        # What is refused from here on is the upload, where there is one.
        self.places = {**self.places, **{name: UPLOAD + name for name in self._files()}}
        spec = JobSpec(
            operation=self.operation.name,
            cloud=self.cloud,
            parameters=self._values(),
            priority=self.cleaned_data["priority"] or 0,
            callback_url=self.cleaned_data["callback_url"],
        )
        return jobs.submit(spec, files=self._files(), owner=owner).task

    def _values(self) -> dict[str, Any]:
        found = {item.name: self.cleaned_data.get(VALUE + item.name) for item in self.operation.parameters}
        return {name: value for name, value in found.items() if value is not None}

    def _files(self) -> dict[str, Any]:
        found = {name: self.cleaned_data.get(UPLOAD + name) for name in self.operation.parameters.file_names}
        return {name: file for name, file in found.items() if file is not None}
