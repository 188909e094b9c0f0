"""The demo: the whole path on one machine, from sockets in network namespaces to proved policies.

`shop.yaml` says what runs, `cluster` and `objects` (pure) what a cluster would make of it, `network` and `pod` make it
happen, `pipeline` starts the advisor's own programs, `watch` reads what they publish, `run` tells the story.
"""
