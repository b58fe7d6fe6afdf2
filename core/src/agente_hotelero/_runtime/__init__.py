"""What runs: plugins, guards, the durable engine and the path of a message. Private."""
