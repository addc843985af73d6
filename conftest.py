"""Nothing to load here: the plugin comes with the package, by its entry point (`make` installs both)."""
