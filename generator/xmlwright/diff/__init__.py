"""Two descriptions compared, change by change, and what it means for those who use the client."""
