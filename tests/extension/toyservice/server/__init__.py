"""The Toy Jobs API, answered by this site."""
