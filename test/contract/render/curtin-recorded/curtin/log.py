import logging

LOG = logging.getLogger("curtin")
LOG.addHandler(logging.NullHandler())
LOG.propagate = False


def basicConfig(stream, verbosity):
    LOG.handlers = [logging.StreamHandler(stream)]
    LOG.setLevel([logging.ERROR, logging.INFO, logging.DEBUG][min(verbosity, 2)])
