"""Plain values that every layer shares. No Django, no input or output."""
