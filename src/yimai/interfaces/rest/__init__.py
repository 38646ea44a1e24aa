"""The REST interface: every verb as one address, described by OpenAPI."""
