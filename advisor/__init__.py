"""The person's end: the command line, the demo, reports. It may use every other package; none may use it."""
