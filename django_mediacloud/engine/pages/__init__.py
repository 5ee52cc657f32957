"""Web pages: what pictures, films and sounds they show, and what they say of them. See ``page.read_page``."""
