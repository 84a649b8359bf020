"""Photos from files: the command line, folders of photos, their journal and reports."""
