"""A small site for tests in the browser: the real pages' frame and scripts, and a server that answers as docs/offline.md agrees."""
