"""What is written into Streamlit's HTML page: link preview, texts, style sheet, scripts."""
