"""What the synthesizer needs of `netpol.inventory`: policies in force, pods with their labels, and who is there."""
