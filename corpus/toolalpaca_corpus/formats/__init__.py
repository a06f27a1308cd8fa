"""Other people's corpora: a module for each format."""
