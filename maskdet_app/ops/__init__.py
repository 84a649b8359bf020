"""Operations: settings, limits, the process, its installation, logs and metrics, live streams.

Each subject is a package. None imports a page or `maskdet_app.ui`, so that the server and every
page may use it.
"""
