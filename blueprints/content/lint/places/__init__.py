"""Where the words of the site are: each place as passages with their file and line."""
