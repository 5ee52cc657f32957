"""One file per operation, named as on the wire with ``_`` for ``.``; each defines ``OPERATION``."""
