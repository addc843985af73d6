"""The ZEIT Now API's own tests."""
