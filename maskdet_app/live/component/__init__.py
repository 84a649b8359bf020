"""The stream's front end in the browser: the library's, with our scripts."""
