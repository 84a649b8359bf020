"""What the pages share and that needs Streamlit: model cache, texts, charts, cards, theme."""
