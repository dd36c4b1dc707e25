"""What the console knows of guarded actions: how it talks with the process that acts, and who may let it act."""
