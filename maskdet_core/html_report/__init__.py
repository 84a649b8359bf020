"""The frame of reports to hand on: one HTML file each, which needs no other file and no network.

A kind of report is a template that extends ``templates/document.html``, and a module that renders
it with `document.render`: `maskdet_core.batch.photos.document` for photos.
"""
