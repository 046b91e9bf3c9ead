class TransportError(Exception):
    """The provider cannot be used as configured. The text: cause and cure, never a secret."""
