"""The stages in their order, what they depend on, and replacing an output as a whole or not at all."""
