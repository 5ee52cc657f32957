"""The services that do the work, a package each. They never see the database."""
