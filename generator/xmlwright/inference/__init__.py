"""How a description grows by evidence: documents, what they show beyond it, and proposals."""
