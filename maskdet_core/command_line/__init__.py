"""The command ``maskdet``: its commands, their options, and the files that they name.

The entry point is `maskdet_core.command_line.cli.main`.
"""
