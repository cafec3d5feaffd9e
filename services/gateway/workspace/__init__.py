"""How people arrange their work: layouts of the wall, favourite cameras."""
