"""Progress for the host, one line an event, on the serial console; output of commands goes to the log only."""
import os
import socket

PREFIX = 'dgxos-installer'
JOURNAL = '/run/systemd/journal/socket'


def _device():
    for path in (os.environ.get('DEMO_CONSOLE'), '/dev/ttyS0', '/dev/console'):
        if path and os.access(path, os.W_OK):
            return path
    return None


def say(text, mark=':'):
    """Writes `dgxos-installer: text` in one write, so that a kernel message cannot split it."""
    device = _device()
    line = f'{PREFIX}{mark} {text}\n'.encode('utf-8', 'replace')
    if device is None:
        return
    try:
        fd = os.open(device, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
    except OSError:
        return
    try:
        os.write(fd, line)
    finally:
        os.close(fd)


def show_tail(path, lines=20):
    """The end of the log, marked `dgxos-installer|`."""
    try:
        with open(path, errors='replace') as log:
            tail = log.read()[-16384:].splitlines()[-lines:]
    except OSError:
        return
    for line in tail:
        say(line, mark='|')


class Reporter:
    """Sends stage events where `reporting:` asks for them: `journald`, with its identifier, or `none`."""

    def __init__(self, reporting):
        self.identifiers = [
            entry.get('identifier', 'curtin') for entry in reporting.values() if entry['type'] == 'journald'
        ]

    def event(self, text):
        """The text to every journal identifier; a missing journal does not stop the installation."""
        for identifier in self.identifiers:
            message = f'SYSLOG_IDENTIFIER={identifier}\nPRIORITY=7\nMESSAGE={text}\n'
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
                    journal.sendto(message.encode(), JOURNAL)
            except OSError:
                return
