"""The window in the browser: read-only pages in Chinese and English, drawn by the server."""
