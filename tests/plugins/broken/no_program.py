"""Has no `#!` line, so no machine runs it."""
# breaks: starts
