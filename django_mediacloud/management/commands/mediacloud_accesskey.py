"""``manage.py mediacloud_accesskey``: credentials for programs that speak an old service's protocol."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandParser

from ...access import MAX_LIMIT, issue, revoke, services
from ...models import AccessKey
from ..arguments import public_id
from ..base import MediaCloudCommand, add_json_option, bad_input, check_cloud

_LIMITS = ("max_unfinished", "max_per_minute", "keep_days")


class Command(MediaCloudCommand):
    help = "Create, list and revoke access keys for clients of the old services' APIs."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        creating = actions.add_parser(
            "create", help="Create a key and print its credentials, which are shown only once."
        )
        creating.add_argument("--for", dest="service", required=True, choices=services(), help="The service.")
        creating.add_argument("--owner", default="", metavar="USERNAME", help="The user who will own the jobs.")
        creating.add_argument("--name", default="", help="A note on who uses it, and where.")
        creating.add_argument(
            "--cloud", default="", metavar="ALIAS", help="The cloud that runs the jobs. Default: default."
        )
        creating.add_argument(
            "--referrer",
            action="append",
            default=[],
            metavar="HOST",
            help="A site whose pages may use the public key, such as example.com. May be repeated.",
        )
        for name in _LIMITS:
            column: Any = AccessKey._meta.get_field(name)
            option = f"--{name.replace('_', '-')}"
            creating.add_argument(
                option, type=_count, metavar="N", help=f"{column.help_text} Default: {column.default}."
            )
        listing = actions.add_parser("list", help="List keys, without their secrets.")
        listing.add_argument("--for", dest="service", choices=services(), help="Only keys of this service.")
        revoking = actions.add_parser("revoke", help="Revoke a key for good.")
        revoking.add_argument("key", metavar="KEY", help="Its id, as list prints it, or its public part.")
        for action in (creating, listing, revoking):
            add_json_option(action)

    def work(self, **options: Any) -> None:
        {"create": self._create, "list": self._list, "revoke": self._revoke}[options["action"]](options)

    def _create(self, options: dict[str, Any]) -> None:
        if options["cloud"]:
            check_cloud(options["cloud"])
        issued = issue(
            options["service"],
            owner=_find_owner(options["owner"]),
            name=options["name"],
            cloud=options["cloud"] or "default",
            referrers=options["referrer"],
            **{name: options[name] for name in _LIMITS if options[name] is not None},
        )
        if options["json"]:
            self.print_json(issued.credentials)
            return
        for name, value in issued.credentials.items():
            self.say(f"{name}: {value}")
        self.warn("The secret is not stored: this is the only time that it is shown.")

    def _list(self, options: dict[str, Any]) -> None:
        keys = AccessKey.objects.select_related("owner").order_by("pk")
        if options["service"]:
            keys = keys.filter(service=options["service"])
        told = [_describe(key) for key in keys.iterator()]
        if options["json"]:
            self.print_json(told)
            return
        for key in told:
            standing = "revoked" if key["revoked_at"] else "valid"
            words = [key["id"], key["service"], standing, key["public_key"] or "-", key["owner"] or "-", key["name"]]
            self.say(" ".join(words).rstrip())

    def _revoke(self, options: dict[str, Any]) -> None:
        key = _find_key(options["key"])
        is_new = revoke(key)
        if options["json"]:
            self.print_json({"id": str(key.public_id), "was_valid": is_new})
        else:
            self.say(f"revoked {key}" if is_new else f"{key} had been revoked before")


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= number <= MAX_LIMIT:
        raise ArgumentTypeError(f"must be between 0 and {MAX_LIMIT}")
    return number


def _find_owner(username: str) -> Any | None:
    if not username:
        return None
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist:
        raise bad_input(f"There is no user {username!r}.") from None


def _find_key(text: str) -> AccessKey:
    """By its id, or else by its public part."""
    found: list[AccessKey]
    try:
        found = list(AccessKey.objects.filter(public_id=public_id(text)))
    except ArgumentTypeError:
        # Some databases take "Key" and "key" for one.
        found = [key for key in AccessKey.objects.filter(public_key=text) if key.public_key == text]
    if len(found) != 1:
        raise bad_input(f"{'More than one key is' if found else 'No key is'} called {text!r}: list shows their ids.")
    return found[0]


def _describe(key: AccessKey) -> dict[str, Any]:
    return {
        "id": str(key.public_id),
        "service": key.service,
        "name": key.name,
        "owner": key.owner.get_username() if key.owner else None,
        "cloud": key.cloud,
        "public_key": key.public_key,
        "referrers": key.referrers,
        **{name: getattr(key, name) for name in _LIMITS},
        "use_count": key.use_count,
        "last_used_at": key.last_used_at,
        "refused_count": key.refused_count,
        "last_refused_at": key.last_refused_at,
        "revoked_at": key.revoked_at,
    }
