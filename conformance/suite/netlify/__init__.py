"""The Netlify API's own tests."""
