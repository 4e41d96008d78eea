"""The classic: binds port 20000, accepts one connection, closes it and exits. With `reuse` it sets SO_REUSEADDR before."""

import socket
import sys

server = socket.socket()
if "reuse" in sys.argv:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 20000))
server.listen()
connection, _ = server.accept()
connection.close()
