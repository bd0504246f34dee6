"""The door: alone knows click, tqdm, exit codes and the terminal."""
