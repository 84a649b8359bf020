"""The detector that visitors share, and the rules that each one chooses for it."""
