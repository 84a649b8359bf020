"""What is installed: the build that runs, and where its files lie in a checkout or a package."""
