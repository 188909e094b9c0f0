"""One file per command of `network-policy`: its options, and the call of the program it stands for."""
