"""Every figure we quote, as ratios against a baseline in the same run.

    python -m benchmarks.acks       webhooks stored and answered per CPU second
    python -m benchmarks.relay      the relay's cost per event
    python -m benchmarks.turns      whole turns per CPU second
    python -m benchmarks.latency    what the engine adds to a quiet agent: waiting, CPU, statements
    python -m benchmarks.guard      a call through the walls around a plugin
    python -m benchmarks.start      commands and start-up beside bare Python
    python -m benchmarks.history    steps of a history fetch as the table grows

Wall times are not to be trusted on shared machines: CPU time is, and its ratio in one run more so.
"""
