// A scenario that uses every key of the format once: what the tests of the loader share.
#pragma once

#include <string_view>

namespace lastack {

constexpr std::string_view kRichScenario = R"(scenario: 1
title: Every key once
about: |
  Not a sensible scenario: it is here to be read,
  "quotes", 'more quotes' and all: ä → ß.
refs: [RFC 9293 3.6, MUST-13]
claims:
  - {id: in-use, shows: confirms, when: {old: [reuseaddr, both]}}
  - {id: first-fin, shows: refutes, when: only here}
labels: [slow]
needs: [bpf]
matrix:
  family: [v4, v6, mapped]
  old: {none: [], reuseaddr: [SO_REUSEADDR], both: [SO_REUSEADDR, SO_REUSEPORT]}
  port: {low: 1023, high: 9000}
  exclude:
    - {old: none, family: [v6, mapped], why: the same as v4}
hosts:
  server: {sysctl: {net.ipv4.tcp_fin_timeout: 010, net.ipv4.ip_local_port_range: 32768 60999}}
  client: {delayed_ack: on, user: nobody}
peers:
  server: {on_term: graceful}
  successor: {host: server, user: daemon, on_term: close}
link: {delay: 100ms}
wire:
  first-fin: {drop: {from: server, flags: FIN, nth: 1..2, seq: 1..4KiB}}
  data: {hold: {from: client, bytes: some, connection: c1}, until: {step: 3}}
  both: {when: {old: both}, hold: {flags: FIN, only: true}, until: {sees: {flags: RST}}}
  "late-${port}": {hold: {seq: 1}, until: {after: 50ms}}
  slow: {delay: {from: client}, by: 20ms}
  twice: {duplicate: {flags: FIN}}
  swapped: {reorder: {flags: PSH}, behind: {flags: FIN}}
steps:
  - server: {bind: {as: b, address: own2, port: 7000, options: [SO_REUSEADDR]}}
  - server: {listen: {on: b, backlog: 5}}
  - server: {listen: {options: "${old}"}}
  - client: {connect: {from: {address: own, port: "${port}"}, options: [{SO_RCVBUF: 4KiB}], within: 3s}}
  - server: {accept: {on: listener}}
  - client: {connect: {as: c, times: 3, to: {host: server, address: own, port: 8080}}}
  - server: {accept: {as: s, times: 3, on: listener}}
  - client: {connect: {as: mixed, family: v6, async: later, expect: {ok: 0..1, ECONNREFUSED: 1}}}
  - wait: {call: later, within: 3s, took: 0s..1s}
  - server: {set: {option: {SO_LINGER: {on: true, seconds: 0}}}}
  - server: {set: {on: "s*", option: [{TCP_LINGER2: 2s}, {TCP_USER_TIMEOUT: 1s}, {TCP_LINGER2: -1}]}}
  - server: {get: {option: SO_ERROR, expect: ECONNRESET}}
  - server: {get: {option: SO_RCVBUF, on: s1, expect: 1..4KiB}}
  - client: {send: {bytes: 1MiB, more: true, expect: 1..1048576}}
  - client: {send: {until: full, on: [c1, c2]}}
  - server: {recv: {bytes: 5, expect: 5}}
  - server: {recv: {until: eof, took: 1s..1.3s, expect: eof}}
  - server: {poll: {on: s1, events: [in, rdhup], timeout: 2s, expect: [in]}}
  - server: {poll: {expect: timeout}}
  - client: {shutdown: {how: wr}}
  - client: {disconnect: c1}
  - server: {dup: {as: copy}}
  - when: {old: both}
    server: {fork: {as: child}}
  - {when: {old: both}, child: {close: [server, copy]}}
  - server: {pass: {socket: listener, to: successor}}
  - successor: {exit: {code: 3}}
  - destroy: {endpoint: c2}
  - destroy: c3
  - counter: {host: server, TCPTimeWaitOverflow: 1, TCPAbortOnClose: 0..2}
  - wait: {state: {server: ESTABLISHED, "c*": ESTABLISHED}}
  - wait: {segment: {from: client, flags: [SYN, ACK], only: true, nth: 2, bytes: none, connection: server}, took: 5s..6s}
  - wait: {for: 250ms, holds: {state: {server: ESTABLISHED}}}
  - host: {server: {address: remove}}
  - wire: {add: {late: {drop: {from: server, connection: client}}}}
  - wire: {release: data}
  - wire: {remove: first-fin}
  - wire: cut
  - wire: mend
  - wire: {inject: {connection: client, from: server, flags: [RST, ACK], seq: next+100, ack: next, bytes: 5}}
  - wire: {inject: {from: client, icmp: port-unreachable}}
  - server: {close: {took: 60s..62.05s}}
  - rebind: {host: server, expect: {cases: [{when: {old: [reuseaddr, both]}, is: ok}], else: EADDRINUSE}}
  - rebind: {on: s1, options: [SO_REUSEADDR], user: nobody, until: ok, took: 1s..9s, async: again}
  - rebind: {host: client, address: any6, port: 99, within: 1min}
  - host: {client: reboot}
  - signal: {peer: server, send: TERM}
  - wait: {exit: server}
expect:
  server: [ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT]
  "c*": [SYN-SENT, ESTABLISHED, CLOSED]
  listener: [LISTEN, CLOSED]
  segments:
    client: [server FIN, {client FIN x3: {bytes: 1..100, seq: 5}}, "server SYN,ACK"]
    "c*": [client RST injected, server FIN lost x2, {server RST: {reason: [TCP_STATE, NO_SOCKET]}}]
)";

}  // namespace lastack
