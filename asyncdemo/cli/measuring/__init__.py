"""What `compare` and `bench` share: their options, the runs, the files that keep them, and what is told at the end."""
