#!/usr/bin/env python3
"""The example site's commands; works from any folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # Python put this file's folder in front; the project itself is one above.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
