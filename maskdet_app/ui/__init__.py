"""What all pages share: layout, elements, texts, detector and rules, state. Imports no page."""
