"""An operation that misbehaves in every way, for the sandbox."""
