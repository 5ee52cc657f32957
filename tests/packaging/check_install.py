"""Shows that the package works as it is installed here: run in an environment without any extra (``tox -e base,dist``).

Imports every module, runs ``check`` and ``migrate``; with a folder of sources, every data file of it must have been
installed as well.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import pkgutil
import sys
from pathlib import Path

EXTRAS = ("av", "imageio_ffmpeg", "PIL", "numpy", "boto3", "celery", "psycopg")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sources", type=Path, help="the package's folder in the repository")
    sources = parser.parse_args().sources
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    os.environ["DJANGO_SETTINGS_MODULE"] = "minimal_settings"
    installed = [name for name in EXTRAS if importlib.util.find_spec(name)]
    if installed:
        return fail(f"this environment is to have no extra, but has {', '.join(installed)}")

    import django

    django.setup()
    from django.core.management import call_command

    import django_mediacloud

    modules = [found.name for found in pkgutil.walk_packages(django_mediacloud.__path__, "django_mediacloud.")]
    for name in modules:
        importlib.import_module(name)
    call_command("check")
    call_command("migrate", verbosity=0)
    print(f"{len(modules)} modules imported, checked and migrated with Django {django.get_version()}")
    if sources:
        return check_files(sources.resolve(), Path(django_mediacloud.__path__[0]).resolve())
    return 0


def check_files(sources: Path, installed: Path) -> int:
    if sources == installed:
        return fail("the package was imported from the repository")
    files = sorted(path.relative_to(sources) for path in sources.rglob("*") if path.is_file())
    expected = [path for path in files if "__pycache__" not in path.parts]
    if missing := [str(path) for path in expected if not (installed / path).is_file()]:
        return fail(f"not in the wheel: {', '.join(missing)}")
    data = [str(path) for path in expected if path.suffix != ".py"]
    print(f"{len(expected)} files installed, of them data: {', '.join(data)}")
    return 0


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
