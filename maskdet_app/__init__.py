"""The web app: a folder for each page, shared parts in `ui`, `server` around it, `ops` below it."""
