"""What all pages share: theme, texts, query parameters, share panel. Imports no page."""
