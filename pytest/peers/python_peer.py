#!/usr/bin/env python3
"""A peer for lastack in plain Python: lastack.peer/1 as docs/protocols.md describes it.

It shows how little a peer needs, and serves as a template for one in another language or on another TCP stack:
listen, connect, accept, poll, send, recv, shutdown, close, set, get and exit.
"""

import argparse
import contextlib
import errno
import functools
import json
import os
import select
import socket
import struct
import threading
import time

PERIOD = 251  # byte i of a stream is i mod 251
PATTERN = bytes(range(PERIOD)) * 300
CHUNK = 65536
EVENTS = {name: getattr(select, "POLL" + name.upper()) for name in ("in", "out", "rdhup", "err", "hup", "nval")}
SO_COOKIE = 57
LEVELS = {"SO": socket.SOL_SOCKET, "TCP": socket.IPPROTO_TCP, "IP": socket.IPPROTO_IP, "IPV6": socket.IPPROTO_IPV6}


class Endpoint:
    def __init__(self, sock, family):
        self.sock, self.family, self.sent, self.received = sock, family, 0, 0

    def describe(self, name):
        about = {"name": name, "family": self.family, "local": list(self.sock.getsockname()[:2])}
        about["cookie"] = int.from_bytes(self.sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), "little")
        with contextlib.suppress(OSError):  # not connected
            about["remote"] = list(self.sock.getpeername()[:2])
        return about


def address(pair, family):
    host, port = pair
    return ("::ffff:" + host if family == "mapped" and ":" not in host else host, port)


def option(name):
    return LEVELS[name.split("_")[0]], getattr(socket, name)


def set_options(sock, options):
    for name, value in options:
        packed = struct.pack("ii", *value) if name == "SO_LINGER" else value
        sock.setsockopt(*option(name), packed)


def names(value):
    return [value] if isinstance(value, str) else value or []


class Peer:
    def __init__(self, control):
        self.control, self.lock, self.endpoints = control, threading.Lock(), {}

    def say(self, **message):
        with self.lock:
            self.control.sendall(json.dumps(message).encode() + b"\n")

    def serve(self):
        self.say(event="hello", protocol="lastack.peer/1", pid=os.getpid())
        for line in self.control.makefile("rb"):
            threading.Thread(target=self.carry_out, args=(json.loads(line),), daemon=True).start()
        os._exit(0)

    def carry_out(self, request):
        """Every call has a thread of its own, so none keeps the others waiting."""
        call = getattr(self, "call_" + request["call"], None)
        if not call or any(name not in self.endpoints for name in names(request.get("on"))):
            return self.say(event="failed", id=request["id"], message=f"unknown call or endpoint: {request}")
        self.say(event="started", id=request["id"], t=time.monotonic_ns())
        results = call(request)
        self.say(event="finished", id=request["id"], t=time.monotonic_ns(), results=results)

    def one(self, name, operation):
        """Times one operation, which may add to its entry of the results."""
        entry = {"name": name, "t0": time.monotonic_ns()}
        try:
            operation(entry)
            entry.setdefault("value", 0)
        except OSError as error:
            if entry.get("value") == 0:
                del entry["value"]  # no bytes before the error
            entry["error"] = errno.errorcode.get(error.errno, f"errno {error.errno}")
        entry.setdefault("t1", time.monotonic_ns())
        return entry

    def each(self, request, operation):
        return [self.one(name, functools.partial(operation, self.endpoints[name])) for name in names(request["on"])]

    def each_new(self, request, operation):
        return [self.one(name, functools.partial(operation, name)) for name in names(request["as"])]

    def add(self, name, sock, family, entry):
        self.endpoints[name] = Endpoint(sock, family)
        entry.update(t1=time.monotonic_ns(), socket=self.endpoints[name].describe(name))

    def open(self, request, bind_to, last, name, entry):
        """socket, options, bind, and `last`: listen or connect. The socket closes itself if one fails."""
        family = request.get("family", "v4")
        sock = socket.socket(socket.AF_INET if family == "v4" else socket.AF_INET6)
        set_options(sock, request.get("options", []))
        if bind_to:
            entry["failed_call"] = "bind"
            sock.bind(address(bind_to, family))
            del entry["failed_call"]
        last(sock, family, entry)
        self.add(name, sock, family, entry)

    def call_listen(self, request):
        def listen(sock, *_):
            sock.listen(request.get("backlog", 128))
        return self.each_new(request, functools.partial(self.open, request, request["address"], listen))

    def call_connect(self, request):
        def connect(sock, family, entry):
            entry["t0"] = time.monotonic_ns()
            sock.connect(address(request["to"], family))
        return self.each_new(request, functools.partial(self.open, request, request.get("from"), connect))

    def call_accept(self, request):
        def accept(name, entry):
            sock, remote = listener.sock.accept()
            family = "v4" if sock.family == socket.AF_INET else "mapped" if "::ffff:" in remote[0] else "v6"
            self.add(name, sock, family, entry)
        listener = self.endpoints[names(request["on"])[0]]
        return self.each_new(request, accept)

    def call_poll(self, request):
        poller, t0 = select.poll(), time.monotonic_ns()
        for name in names(request["on"]):
            poller.register(self.endpoints[name].sock, sum(EVENTS[event] for event in request["events"]))
        ready = dict(poller.poll(request["timeout"] / 1e6 if "timeout" in request else None))
        t1 = time.monotonic_ns()
        return [{"name": name, "t0": t0, "t1": t1, "value": len(ready), "events":
                 [event for event, bit in EVENTS.items() if ready.get(self.endpoints[name].sock.fileno(), 0) & bit]}
                for name in names(request["on"])]

    def call_send(self, request):
        def send(endpoint, entry):
            entry["value"], full = 0, request.get("until_full", False)
            flags = (socket.MSG_DONTWAIT if full else 0) | (socket.MSG_MORE if request.get("more") else 0)
            while full or entry["value"] < request["bytes"]:
                if full and not select.select([], [endpoint.sock], [], 0.02)[1]:
                    return
                start = endpoint.sent % PERIOD
                size = CHUNK if full else min(CHUNK, request["bytes"] - entry["value"])
                count = endpoint.sock.send(PATTERN[start:start + size], flags)
                endpoint.sent += count
                entry["value"] += count
        return self.each(request, send)

    def call_recv(self, request):
        def recv(endpoint, entry):
            entry["value"], wanted = 0, request.get("bytes")
            while True:
                data = endpoint.sock.recv(CHUNK if wanted is None else min(CHUNK, wanted - entry["value"]))
                entry["value"] += len(data)
                start = endpoint.received % PERIOD
                endpoint.received += len(data)
                if data != PATTERN[start:start + len(data)]:
                    raise OSError(errno.EBADMSG, "not the pattern")
                entry["eof"] = not data
                if not data or entry["value"] == wanted or (wanted is None and not request.get("until_eof")):
                    break
        return self.each(request, recv)

    def call_shutdown(self, request):
        how = getattr(socket, "SHUT_" + request["how"].upper())
        return self.each(request, lambda endpoint, _: endpoint.sock.shutdown(how))

    def call_close(self, request):
        gone = {name: self.endpoints.pop(name).sock for name in names(request["on"])}
        return [self.one(name, lambda _, sock=sock: os.close(sock.detach())) for name, sock in gone.items()]

    def call_set(self, request):
        return self.each(request, lambda endpoint, _: set_options(endpoint.sock, request["options"]))

    def call_get(self, request):
        def get(endpoint, entry):
            if request["option"] == "SO_LINGER":
                packed = endpoint.sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
                entry["value"], entry["seconds"] = struct.unpack("ii", packed)
            else:
                entry["value"] = endpoint.sock.getsockopt(*option(request["option"]))
        return self.each(request, get)

    def call_exit(self, request):
        os._exit(request.get("code", 0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--on-term", default="default", choices=["default"])
    Peer(socket.socket(fileno=parser.parse_args().control)).serve()
