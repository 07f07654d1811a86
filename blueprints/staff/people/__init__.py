"""Pages for managers about the people of the staff, and the page on which somebody accepts their invitation."""
