"""The photo page: upload, batch, gallery, one photo in detail, downloads."""
