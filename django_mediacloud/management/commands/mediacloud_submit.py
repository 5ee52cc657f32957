"""``manage.py mediacloud_submit``: encode a video with profiles, or run one operation on a file."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import CommandParser

from ... import jobs
from ...core.spec import JobSpec
from ...jobs.sources import SOURCE
from ...models import Job, Profile, Video
from ..arguments import assignment, seconds
from ..base import MediaCloudCommand, add_json_option, bad_input, check_cloud
from ..request import Request, is_url, open_files, read_parameters
from ..waiting import describe_submitted, finish, wait_for


class Command(MediaCloudCommand):
    help = (
        "Encode FILE or URL with profiles (without --profile, with the default ones), or run one operation on it with "
        "--operation. Prints the ids of the jobs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source",
            nargs="?",
            default="",
            metavar="FILE|URL",
            help="The source. A local file is copied into the storage.",
        )
        parser.add_argument(
            "--profile", action="append", default=[], metavar="NAME", help="Profile to encode with. May be repeated."
        )
        parser.add_argument("--operation", default="", metavar="NAME", help="Operation to run, such as video.thumb.")
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            type=assignment,
            metavar="NAME=VALUE",
            help="Parameter of the operation. May be repeated. A list: repeat its name, or give JSON. An object: JSON.",
        )
        parser.add_argument(
            "--param-env",
            action="append",
            default=[],
            type=assignment,
            metavar="NAME=VARIABLE",
            help="Take the value from an environment variable: for secrets, since everybody can see command lines.",
        )
        parser.add_argument("--cloud", default="", metavar="ALIAS", help="Cloud for --operation; default: default.")
        parser.add_argument("--title", default="", help="Title of the video.")
        parser.add_argument("--priority", type=int, default=0, help="-100 to 100; higher runs first. Default: 0.")
        parser.add_argument(
            "--idempotency-key",
            default="",
            metavar="KEY",
            help="Submitting again with the same key starts no new jobs.",
        )
        parser.add_argument(
            "--callback-url", default="", metavar="URL", help="Receives a POST when each job has ended."
        )
        parser.add_argument("--wait", action="store_true", help="Wait until all jobs have ended; see the exit code.")
        parser.add_argument("--timeout", type=seconds, metavar="TIME", help="Wait no longer than this, such as 15m.")
        add_json_option(parser)

    def work(self, **options: Any) -> None:
        if options["timeout"] is not None and not options["wait"]:
            raise bad_input("--timeout belongs to --wait.")
        if options["operation"]:
            video, submitted = None, [_submit_task(options)]
        else:
            video, submitted = _submit_video(options)
        if options["wait"]:
            report = None if options["json"] else self.warn
            submitted = wait_for(submitted, timeout_s=options["timeout"], report=report)
        if options["json"]:
            self.print_json(describe_submitted(video, submitted))
        else:
            self._print(video, submitted)
        if options["wait"]:
            finish(submitted)

    def _print(self, video: Video | None, submitted: list[Job]) -> None:
        if video is not None:
            self.say(f"video {video.public_id} {video}")
        for job in submitted:
            name = job.encoding.profile_name if video is not None else job.operation
            self.say(f"job {job.public_id} {name} {job.state}")
            for output in job.outputs.ready():
                self.say(f"  {output.name} {output.size_bytes} bytes {output.content_type}")


def _submit_task(options: dict[str, Any]) -> Job:
    if options["profile"] or options["title"]:
        raise bad_input("--profile and --title belong to a video; --operation makes a task of its own.")
    if options["cloud"]:
        check_cloud(options["cloud"])
    cloud = options["cloud"] or "default"
    source = [(SOURCE, options["source"])] if options["source"] else []
    pairs = [*options["param"], *_from_environment(options["param_env"]), *source]
    request: Request = read_parameters(cloud, options["operation"], pairs)
    spec = JobSpec(
        operation=options["operation"],
        parameters=request.parameters,
        cloud=cloud,
        priority=options["priority"],
        callback_url=options["callback_url"],
    )
    with open_files(request.files) as files:
        return jobs.submit(spec, files=files, idempotency_key=options["idempotency_key"])


def _from_environment(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if missing := [variable for _, variable in pairs if variable not in os.environ]:
        raise bad_input(f"The environment has no variable {', '.join(missing)}.")
    return [(name, os.environ[variable]) for name, variable in pairs]


def _submit_video(options: dict[str, Any]) -> tuple[Video, list[Job]]:
    if options["param"] or options["param_env"] or options["cloud"]:
        raise bad_input("--param and --cloud belong to --operation; a profile has its own.")
    source = options["source"]
    if not source:
        raise bad_input("Name a file or a URL.")
    common = {
        "profiles": _find_profiles(options["profile"]),
        "title": options["title"],
        "priority": options["priority"],
        "callback_url": options["callback_url"],
        "idempotency_key": options["idempotency_key"],
    }
    if is_url(source):
        video = jobs.submit_video(source_url=source, **common)
    else:
        with open_files({SOURCE: source}) as files:
            video = jobs.submit_video(file=files[SOURCE], **common)
    return video, list(Job.objects.filter(encoding__video=video).select_related("encoding").order_by("pk"))


def _find_profiles(names: list[str]) -> list[Profile]:
    """Those of these names, else those marked as default."""
    if not names:
        if not (chosen := list(Profile.objects.filter(is_default=True))):
            raise bad_input("No profile is marked as default: name one with --profile.")
        return chosen
    found = {profile.name: profile for profile in Profile.objects.filter(name__in=names)}
    if missing := [name for name in names if name not in found]:
        known = ", ".join(Profile.objects.values_list("name", flat=True)) or "none at all"
        raise bad_input(f"There is no profile {', '.join(missing)}; there are: {known}.")
    return [found[name] for name in dict.fromkeys(names)]
