"""A remote cloud: a service of three addresses, asked over real HTTP."""
