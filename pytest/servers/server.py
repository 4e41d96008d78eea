"""A server that accepts and holds connections, with the habits that its arguments name.

    server.py PORT [HABIT…]

plain: no SO_REUSEADDR · v6, dual, loopback: where it listens · slow: starts after a second · retry: tries bind again ·
fork: three workers share the listener · daemon: goes into the background and writes its number into $PIDFILE ·
ignore: no SIGTERM · exits, never: does not listen · fails-later: does not come up a second time ($FLAG) ·
echo: answers what it reads · http: answers each connection with 200
"""

import os
import pathlib
import signal
import socket
import sys
import threading
import time

PORT = int(sys.argv[1])
HABITS = sys.argv[2:]
LONG = 600


def go_into_background():
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    pathlib.Path(os.environ["PIDFILE"]).write_text(f"{os.getpid()}\n")


def listener():
    v6 = "v6" in HABITS or "dual" in HABITS
    server = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET)
    if v6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, "v6" in HABITS)
    if "plain" not in HABITS:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    address = "127.0.0.1" if "loopback" in HABITS else ""
    while True:
        try:
            server.bind((address, PORT))
            break
        except OSError:
            if "retry" not in HABITS:
                raise
            time.sleep(0.01)
    server.listen(200)
    return server


def answer(connection):
    received = connection.recv(4096)
    if "http" in HABITS:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.close()
    else:
        connection.sendall(received)


def main():
    if "exits" in HABITS:
        sys.exit("no configuration found")
    if "never" in HABITS:
        print("still thinking", flush=True)
        time.sleep(LONG)
    if "fails-later" in HABITS:
        flag = pathlib.Path(os.environ["FLAG"])
        if flag.exists():
            sys.exit("lock file exists")
        flag.touch()
    if "slow" in HABITS:
        time.sleep(1)
    if "ignore" in HABITS:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "daemon" in HABITS:
        go_into_background()
    server = listener()
    print("now serving", flush=True)
    if "fork" in HABITS:
        for _ in range(3):
            if os.fork() == 0:
                break
    held = []
    while True:
        connection, _ = server.accept()
        held.append(connection)
        if "echo" in HABITS or "http" in HABITS:
            threading.Thread(target=answer, args=[connection], daemon=True).start()


main()
