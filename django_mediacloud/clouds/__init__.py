"""Those who do the work, a folder each. They know their service and nothing of the site's database."""
