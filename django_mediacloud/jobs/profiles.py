"""Profiles from the presets that the engine ships."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..engine.encoding.presets import Preset, load_presets
from ..exceptions import InvalidParameters
from ..models import Profile


def get_preset(name: str) -> Preset:
    """The preset ``name``. ``InvalidParameters`` that lists them if there is none."""
    presets = load_presets()
    if name not in presets:
        raise InvalidParameters({"preset_name": ["must be one of: " + ", ".join(sorted(presets))]})
    return presets[name]


def profile_from_preset(preset_name: str, **fields: Any) -> Profile:
    """A profile, not yet saved, with the preset's parameters; ``fields`` are columns that are to differ, and
    ``parameters`` among them is laid over the preset's."""
    preset = get_preset(preset_name)
    # Through JSON: what the database gives back is what was put in, lists and not tuples.
    parameters = json.loads(json.dumps({**preset.parameters, **fields.pop("parameters", {})}))
    columns = {"name": preset.name, "title": preset.title, "operation": preset.operation, **fields}
    return Profile(parameters=parameters, preset_name=preset.name, **columns)


def install_presets(names: Iterable[str]) -> list[Profile]:
    """The profiles of the presets ``names``; those that the site does not have yet are made. Existing ones stay."""
    profiles = []
    for name in names:
        profile = Profile.objects.filter(name=name).first()
        if profile is None:
            profile = profile_from_preset(name)
            profile.full_clean()
            profile.save()
        profiles.append(profile)
    return profiles
