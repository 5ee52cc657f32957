"""The Tasks API, answered by this site."""
