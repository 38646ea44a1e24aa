"""Real treatments in real browsers: everything people do is done on pages, each person in a browser context of his own."""
