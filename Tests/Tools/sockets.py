"""Plain TCP connections to a port of this machine, for tests of hostile and idle clients.

Reads commands from standard input, one JSON array a line, and answers each with a line of JSON. It is a process of its own
so that the test process does not have thousands of descriptors.
"""
import json
import resource
import select
import socket
import sys
import time

limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

sockets = []


def open_sockets(count, port, address, receive_buffer):
    opened = []
    for _ in range(count):
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.bind((address, 0))
        connection.connect(("127.0.0.1", port))
        connection.setblocking(False)
        opened.append(connection)
    sockets.extend(opened)
    return len(sockets)


def send(text):
    """Sends on each connection what its buffer takes."""
    sent = 0
    for connection in sockets:
        try:
            sent += connection.send(text.encode())
        except OSError:
            pass
    return sent


def receive(limit):
    """Reads up to a number of bytes from each connection; returns how many were read from all."""
    received = 0
    for connection in sockets:
        try:
            received += len(connection.recv(limit))
        except OSError:
            pass
    return received


def has_ended(connection):
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return any(events & (select.POLLRDHUP | select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))


def ended():
    """The number of connections that the server has closed or reset."""
    return sum(has_ended(connection) for connection in sockets)


def replace_ended():
    """Opens connections again in place of those that have ended; returns their number."""
    count = 0
    for index, connection in enumerate(sockets):
        if has_ended(connection):
            address = connection.getsockname()[0]
            port = replace_ended.port
            connection.close()
            replacement = socket.socket()
            replacement.bind((address, 0))
            replacement.connect(("127.0.0.1", port))
            replacement.setblocking(False)
            sockets[index] = replacement
            count += 1
    return count


def responses(seconds):
    """How often each status line arrived first on a connection, within a time for all."""
    lines = {}
    waiting = {connection.fileno(): connection for connection in sockets}
    poll = select.epoll()
    for number in waiting:
        poll.register(number, select.EPOLLIN)
    end = time.monotonic() + seconds
    while waiting and time.monotonic() < end:
        for number, _ in poll.poll(0.5):
            try:
                line = waiting[number].recv(65536).split(b"\r\n")[0].decode()
            except OSError as error:
                line = str(error)
            lines[line] = lines.get(line, 0) + 1
            poll.unregister(number)
            del waiting[number]
    return lines


commands = {
    "open": open_sockets,
    "send": send,
    "receive": receive,
    "ended": ended,
    "replace": replace_ended,
    "responses": responses,
}
for line in sys.stdin:
    name, *arguments = json.loads(line)
    if name == "open":
        replace_ended.port = arguments[1]
    print(json.dumps(commands[name](*arguments)), flush=True)
