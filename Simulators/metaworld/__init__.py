"""MetaWorld: evaluates served policies and collects demonstrations."""
