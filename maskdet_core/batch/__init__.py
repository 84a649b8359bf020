"""Photographs by the file: command line, folders, journal and reports."""
