"""How each server of bench/servers is configured and started: a real server of a Debian package, or the smallest server that a
language's own documentation shows."""

import dataclasses
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import textwrap
from collections.abc import Callable

PREPARE_TIMEOUT_SECONDS = 300


class Missing(Exception):
    """What is not installed."""


@dataclasses.dataclass
class Recipe:
    name: str
    kind: str  # "server" or "language"
    prepare: Callable  # (folder, port) -> the command line; raises Missing
    version: Callable  # () -> text
    options: tuple = ()  # of lastack rebind


def program(name, *folders):
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if not found:
        raise Missing(f"no {name}")
    return found


def version_of(*command):
    """The first number with a dot in what the command prints."""
    def version():
        run = subprocess.run([program(command[0]), *command[1:]], capture_output=True, text=True, check=False)
        found = re.search(r"\d+(\.\d+)+\w*", run.stdout + run.stderr)
        return found[0] if found else "?"
    return version


def write(folder, name, text):
    path = folder / name
    path.write_text(textwrap.dedent(text).lstrip())
    return path


def build(*command):
    try:
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                             timeout=PREPARE_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} took longer than {PREPARE_TIMEOUT_SECONDS} s") from None
    if run.returncode != 0:
        raise Missing(f"{pathlib.Path(str(command[0])).name} cannot build it: {(run.stderr or run.stdout).strip().splitlines()[-1:]}")


# ---- servers


def nginx(folder, port):
    config = write(folder, "nginx.conf", f"""
        daemon off;
        worker_processes 2;
        pid {folder}/nginx.pid;
        error_log stderr;
        events {{}}
        http {{
          access_log off;
          client_body_temp_path {folder}/body;
          server {{ listen {port}; return 200 "ok"; }}
        }}
        """)
    return [program("nginx"), "-c", config, "-p", folder]


def haproxy(folder, port):
    config = write(folder, "haproxy.cfg", f"""
        defaults
          mode http
          timeout client 60s
          timeout connect 5s
          timeout server 60s
        frontend front
          bind :{port}
          http-request return status 200
        """)
    return [program("haproxy"), "-db", "-f", config]


def redis(folder, port):
    return [program("redis-server"), "--port", port, "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--dir", folder]


def memcached(_folder, port):
    return [program("memcached"), "-u", "nobody", "-p", port, "-l", "0.0.0.0"]


def lighttpd(folder, port):
    config = write(folder, "lighttpd.conf", f"""
        server.document-root = "{folder}"
        server.port = {port}
        """)
    return [program("lighttpd"), "-D", "-f", config]


def apache(folder, port):
    modules = pathlib.Path("/usr/lib/apache2/modules")
    config = write(folder, "apache.conf", f"""
        ServerRoot {folder}
        ServerName localhost
        PidFile {folder}/apache.pid
        ErrorLog /dev/stderr
        LoadModule mpm_event_module {modules}/mod_mpm_event.so
        LoadModule authz_core_module {modules}/mod_authz_core.so
        User nobody
        Group nogroup
        Listen {port}
        DocumentRoot {folder}
        """)
    return [program("apache2"), "-DFOREGROUND", "-f", config]


def postgresql(folder, port):
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not versions:
        raise Missing("no postgres")
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    build("setpriv", "--reuid", user.pw_uid, "--regid", user.pw_gid, "--clear-groups", "env", "-C", folder,
          versions[-1] / "initdb", "-D", data, "-A", "trust", "--no-sync")
    write(data, "pg_hba.conf", "host all all all trust\n")
    return [versions[-1] / "postgres", "-D", data, "-p", port, "-c", "listen_addresses=*", "-c", f"unix_socket_directories={folder}",
            "-c", "max_connections=200"]


def postgresql_version():
    return version_of(str(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))[-1]), "--version")()


def dropbear(folder, port):
    key = folder / "key"
    build(program("dropbearkey"), "-t", "ed25519", "-f", key)
    return [program("dropbear"), "-F", "-E", "-p", port, "-r", key, "-P", folder / "pid"]


def sshd(folder, port):
    pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # which the service makes, too
    key = folder / "key"
    build(program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key)
    config = write(folder, "sshd_config", f"""
        Port {port}
        HostKey {key}
        PidFile {folder}/pid
        MaxStartups 200
        """)
    return [program("sshd"), "-D", "-e", "-f", config]


def mosquitto(folder, port):
    config = write(folder, "mosquitto.conf", f"listener {port}\nallow_anonymous true\n")
    return [program("mosquitto"), "-c", config]


# ---- languages: the source of the smallest server; PORT stands for the port


def script(interpreter, name, text, *before):
    def prepare(folder, port):
        path = write(folder, name, text.replace("PORT", str(port)))
        return [program(interpreter), *before, path]
    return prepare


def python(text):
    return script("/usr/bin/python3", "server.py", text)


SOCKETSERVER = """
    import socketserver
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(1)
    socketserver.ThreadingTCPServer(("", PORT), Handler).serve_forever()
    """
ASYNCIO = """
    import asyncio
    async def serve(reader, writer):
        await reader.read()
    async def main():
        server = await asyncio.start_server(serve, None, PORT)
        await server.serve_forever()
    asyncio.run(main())
    """
SOCKET = """
    import socket
    server = socket.socket()
    server.bind(("", PORT))
    server.listen()
    held = []
    while True:
        held.append(server.accept())
    """
CREATE_SERVER = """
    import socket
    server = socket.create_server(("", PORT))
    held = []
    while True:
        held.append(server.accept())
    """
NODE_HTTP = "require('http').createServer((request, response) => response.end('ok')).listen(PORT);\n"
NODE_NET = "require('net').createServer(socket => {}).listen(PORT);\n"
PERL = """
    use IO::Socket::INET;
    my $server = IO::Socket::INET->new(LocalPort => PORT, Listen => 128, Proto => 'tcp') or die "cannot listen: $!";
    my @held;
    while (my $connection = $server->accept()) { push @held, $connection; }
    """
RUBY = """
    require 'socket'
    server = TCPServer.new(PORT)
    held = []
    loop { held << server.accept }
    """
PHP = """
    <?php
    $server = stream_socket_server("tcp://0.0.0.0:PORT", $code, $text) or die("cannot listen: $text");
    $held = [];
    while (true) { if ($connection = stream_socket_accept($server, -1)) { $held[] = $connection; } }
    """
C = """
    #include <netinet/in.h>
    #include <stdio.h>
    #include <sys/socket.h>
    int main(void) {
      int server = socket(AF_INET, SOCK_STREAM, 0);
      struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
      if (bind(server, (struct sockaddr*)&address, sizeof(address)) != 0 || listen(server, 128) != 0) {
        perror("bind");
        return 1;
      }
      for (;;) accept(server, NULL, NULL);
    }
    """
ASIO = """
    #include <list>
    #include <asio.hpp>
    int main() {
      asio::io_context context;
      asio::ip::tcp::acceptor acceptor(context, {asio::ip::tcp::v4(), PORT});
      std::list<asio::ip::tcp::socket> held;
      for (;;) held.push_back(acceptor.accept());
    }
    """
GO = """
    package main
    import "net"
    func main() {
      listener, err := net.Listen("tcp", ":PORT")
      if err != nil { panic(err) }
      var held []net.Conn
      for {
        connection, err := listener.Accept()
        if err != nil { panic(err) }
        held = append(held, connection)
      }
    }
    """
RUST = """
    use std::net::TcpListener;
    fn main() {
        let listener = TcpListener::bind("0.0.0.0:PORT").expect("cannot listen");
        let mut held = Vec::new();
        for connection in listener.incoming() { held.push(connection); }
    }
    """
JAVA_SERVERSOCKET = """
    import java.net.*;
    import java.util.*;
    public class Main {
      public static void main(String[] arguments) throws Exception {
        ServerSocket server = new ServerSocket(PORT);
        List<Socket> held = new ArrayList<>();
        while (true) held.add(server.accept());
      }
    }
    """
JAVA_NIO = """
    import java.net.*;
    import java.nio.channels.*;
    import java.util.*;
    public class Main {
      public static void main(String[] arguments) throws Exception {
        ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress(PORT));
        List<SocketChannel> held = new ArrayList<>();
        while (true) held.add(server.accept());
      }
    }
    """


def compiled(compiler, name, text, *words):
    """words: the compiler's, with SOURCE and PROGRAM for the files."""
    def prepare(folder, port):
        source = write(folder, name, text.replace("PORT", str(port)))
        files = {"SOURCE": source, "PROGRAM": folder / "server"}
        os.environ.setdefault("GOCACHE", "/tmp/lastack-go-cache")
        build(program(compiler), *(files.get(word, word) for word in words))
        return [files["PROGRAM"]]
    return prepare


def java(text):
    def prepare(folder, port):
        source = write(folder, "Main.java", text.replace("PORT", str(port)))
        build(program("javac"), "-d", folder, source)
        return [program("java"), "-cp", folder, "Main"]
    return prepare


def language(name, prepare, *version, options=()):
    return Recipe(name, "language", prepare, version_of(*version), options)


def server(name, prepare, *version, options=()):
    return Recipe(name, "server", prepare, version_of(*version), options)


PYTHON_VERSION = ("/usr/bin/python3", "--version")
RECIPES = [
    server("nginx", nginx, "nginx", "-v"),
    server("haproxy", haproxy, "haproxy", "-v"),
    server("redis", redis, "redis-server", "--version"),
    Recipe("PostgreSQL", "server", postgresql, postgresql_version, ("--user", "postgres")),
    server("memcached", memcached, "memcached", "--version"),
    server("lighttpd", lighttpd, "lighttpd", "-v"),
    server("Apache httpd (event)", apache, "apache2", "-v"),
    server("dropbear", dropbear, "dropbear", "-V"),
    server("OpenSSH sshd", sshd, "ssh", "-V"),
    server("mosquitto", mosquitto, "mosquitto", "-h"),
    language("C: socket, bind, listen", compiled("cc", "server.c", C, "-O2", "-o", "PROGRAM", "SOURCE"), "cc", "--version"),
    language("C++: asio::ip::tcp::acceptor", compiled("g++", "server.cc", ASIO, "-O2", "-std=c++17", "-pthread", "-o", "PROGRAM", "SOURCE"),
             "g++", "--version"),
    language("Go: net.Listen", compiled("go", "server.go", GO, "build", "-o", "PROGRAM", "SOURCE"), "go", "version"),
    language("Rust: TcpListener", compiled("rustc", "server.rs", RUST, "-O", "-o", "PROGRAM", "SOURCE"), "rustc", "--version"),
    language("Java: ServerSocket", java(JAVA_SERVERSOCKET), "java", "--version"),
    language("Java: ServerSocketChannel", java(JAVA_NIO), "java", "--version"),
    language("Node.js: http", script("node", "server.js", NODE_HTTP), "node", "--version"),
    language("Node.js: net", script("node", "server.js", NODE_NET), "node", "--version"),
    language("Python: socket", python(SOCKET), *PYTHON_VERSION),
    language("Python: socket.create_server", python(CREATE_SERVER), *PYTHON_VERSION),
    language("Python: socketserver", python(SOCKETSERVER), *PYTHON_VERSION),
    language("Python: http.server", lambda folder, port: [program("/usr/bin/python3"), "-m", "http.server", "-d", folder, port],
             *PYTHON_VERSION),
    language("Python: asyncio.start_server", python(ASYNCIO), *PYTHON_VERSION),
    language("Perl: IO::Socket::INET", script("perl", "server.pl", PERL), "perl", "-v"),
    language("Ruby: TCPServer", script("ruby", "server.rb", RUBY), "ruby", "--version"),
    language("PHP: stream_socket_server", script("php", "server.php", PHP), "php", "--version"),
]
