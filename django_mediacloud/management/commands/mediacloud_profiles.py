"""``manage.py mediacloud_profiles``: profiles to and from a TOML file, and the presets that come with the engine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ... import jobs
from ...engine.encoding.presets import load_presets
from ...models import Profile
from ..base import MediaCloudCommand, add_json_option, bad_input
from ..exit_codes import ExitCode
from ..profiles_file import difference, load, read_database, read_file, write


class Command(MediaCloudCommand):
    help = "Keep profiles in a TOML file, or make them from the presets."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        loading = actions.add_parser("load", help="Create and update the site's profiles from the file, all or none.")
        differing = actions.add_parser(
            "diff", help=f"Show what load would change; exit code {ExitCode.DIFFERENT:d} if anything."
        )
        for action in (loading, differing):
            action.add_argument("file", type=Path, metavar="FILE.toml")
            action.add_argument("--prune", action="store_true", help="Delete profiles that are not in the file.")
        dumping = actions.add_parser("dump", help="Write the site's profiles to the file, or to standard output.")
        dumping.add_argument("file", type=Path, nargs="?", metavar="FILE.toml")
        presets = actions.add_parser("presets", help="List the presets, or make profiles from some or all of them.")
        presets.add_argument(
            "--load",
            nargs="*",
            metavar="NAME",
            help="Create profiles from these presets, or from all. Existing profiles are kept.",
        )
        add_json_option(loading)
        add_json_option(presets)

    def work(self, **options: Any) -> None:
        {"load": self._load, "diff": self._diff, "dump": self._dump, "presets": self._presets}[options["action"]](
            options
        )

    def _load(self, options: dict[str, Any]) -> None:
        loaded = asdict(load(read_file(options["file"]), has_prune=options["prune"]))
        if options["json"]:
            self.print_json(loaded)
            return
        for word, names in loaded.items():
            for name in names if word != "unchanged" else []:
                self.say(f"{word} {name}")
        self.say(f"{len(loaded['unchanged'])} unchanged")

    def _diff(self, options: dict[str, Any]) -> None:
        if found := difference(read_file(options["file"]), has_prune=options["prune"]):
            self.say(found, ending="")
            raise CommandError("The file and the database differ.", returncode=ExitCode.DIFFERENT)

    def _dump(self, options: dict[str, Any]) -> None:
        try:
            text = write(read_database().values())
        except ValueError as error:
            raise CommandError(f"A profile cannot be written: {error}.") from error
        if options["file"] is None:
            self.say(text, ending="")
            return
        try:
            options["file"].write_text(text, encoding="utf-8")
        except OSError as error:
            raise bad_input(f"{options['file']} cannot be written: {error.strerror}.") from error

    def _presets(self, options: dict[str, Any]) -> None:
        before = set(Profile.objects.values_list("name", flat=True))
        if options["load"] is not None:
            names = list(dict.fromkeys(options["load"])) or list(load_presets())
            profiles = [profile.name for profile in jobs.install_presets(names)]
            told: list[dict[str, Any]] = [{"name": name, "is_new": name not in before} for name in profiles]
            lines = [f"{'created' if each['is_new'] else 'kept'} {each['name']}" for each in told]
        else:
            presets = load_presets().values()
            told = [
                {"name": each.name, "title": each.title, "operation": each.operation, "is_loaded": each.name in before}
                for each in presets
            ]
            lines = [f"{each['name']:22} {each['operation']:18} {each['title']}" for each in told]
        if options["json"]:
            self.print_json(told)
        else:
            self.say("\n".join(lines))
