"""What every page has around its own parts: theme, entry, footer, share panel."""
