"""Voice: accuracy, speed and memory, on any file of the corpus's form."""
