# Rendered by dgxos-maas. Runs in the system that is installed with: all servers of its loopback in one process.
#   web PORT FOLDER     serves the files of a folder
#   relay PORT SOCKET   hands connections on to a Unix socket, behind which dgxos-maas fetches from the archives; the network
#                       namespace itself has no other way out
# Writes each port that it listens on, a line each, and ends its output when it has tried all.
import http.server
import os
import socket
import socketserver
import sys
import threading

# A root that something was fetched for is kept as no layer.
ARCHIVES_USED = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'archives-used')


class Web(http.server.ThreadingHTTPServer):
    # Its parent looks up the name of the address.
    server_bind = socketserver.TCPServer.server_bind


def web(port, folder):
    def handler(*args):
        return http.server.SimpleHTTPRequestHandler(*args, directory=folder)

    return Web(('127.0.0.1', port), handler)


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end, how in ((source, socket.SHUT_RD), (sink, socket.SHUT_WR)):
            try:
                end.shutdown(how)
            except OSError:
                pass


class Relay(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def relay(port, path):
    class Connection(socketserver.BaseRequestHandler):
        def handle(self):
            open(ARCHIVES_USED, 'a').close()
            with socket.socket(socket.AF_UNIX) as out:
                try:
                    out.connect(path)
                except OSError:
                    return
                answers = threading.Thread(target=pump, args=(out, self.request), daemon=True)
                answers.start()
                pump(self.request, out)
                answers.join()

    return Relay(('127.0.0.1', port), Connection)


def main():
    wanted = iter(sys.argv[1:])
    for kind, port, path in zip(wanted, wanted, wanted):
        try:
            server = {'web': web, 'relay': relay}[kind](int(port), path)
        except OSError as error:
            print(f'port {port}: {error.strerror}', file=sys.stderr)
            continue
        threading.Thread(target=server.serve_forever).start()
        print(port)
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


main()
