"""The tests: `common` for what several APIs share, a package for each API's own."""
