"""How people arrange their work: layouts of the wall, favourite cameras. None of it gives a right."""
