"""Ways in. A face says who is asking, turns bytes into a command and renders the answer. It decides nothing."""
