"""The one kind of error that ends an installation with a message instead of a trace."""


class Fault(Exception):
    """What went wrong, and the exit code of the command it came from."""

    def __init__(self, message, exit_code=1):
        super().__init__(message)
        self.exit_code = exit_code
