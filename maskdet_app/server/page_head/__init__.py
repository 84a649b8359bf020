"""What is written into Streamlit's HTML page: link preview, texts, first style, tab's secret."""
