from importlib.metadata import version as version_of

project = "django-mediacloud"
author = "The django-mediacloud contributors"
release = version = version_of("django-mediacloud")
extensions = ["sphinx.ext.autodoc", "sphinx.ext.intersphinx"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "Media work for Django, whoever does the work."}
nitpicky = True
