"""What is written into Streamlit's one HTML page: the preview, own words, the secret of a tab."""
