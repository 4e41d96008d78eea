// Asserts the exact text of every kind of error a scenario file can have.
#include <string>

#include <gtest/gtest.h>

#include "scenario/loading_test.h"

namespace lastack {
namespace {

struct Case {
  std::string name;
  std::string text;
  std::string error;
};

// So that a failing case is named by its name.
void PrintTo(const Case& value, std::ostream* out) {
  *out << value.name;
}

class ErrorTest : public testing::TestWithParam<Case> {};

TEST_P(ErrorTest, HasThisText) {
  EXPECT_EQ(ErrorOf(GetParam().text), GetParam().error);
}

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

const std::vector<Case>& SyntaxCases() {
  static const std::vector<Case> kCases = {
      {"Syntax",
       "scenario: 1\nsteps: [a, b\n",
       R"(x.yaml:3:1: bad YAML: end of sequence flow not found)"},
      {"Tab",
       "scenario: 1\nsteps:\n\t- a\n",
       "x.yaml:3:1: a tab indents this line; YAML wants spaces\n\t- a\n^"},
      {"DuplicateKey",
       "scenario: 1\ntitle: a\ntitle: b\n",
       "x.yaml:3:1: duplicate key 'title'; it is given in line 2, too\ntitle: b\n^"},
      {"Alias",
       "scenario: &a 1\ntitle: *a\n",
       "x.yaml:1:11: anchors and aliases are not supported; write it out, or use 'matrix'\n"
       "scenario: &a 1\n          ^"},
      {"Tag",
       "scenario: !!int 1\n",
       "x.yaml:1:11: tags are not supported\nscenario: !!int 1\n          ^"},
      {"KeyIsNoText", "[a]: 1\n", "x.yaml:1:1: a key is text, not a list\n[a]: 1\n^"},
      {"Empty", "# nothing\n", "x.yaml: empty; a scenario begins with 'scenario: 1'"},
      {"SecondDocument",
       "scenario: 1\n---\na: 1\n",
       "x.yaml:3:1: a second document; a file holds one\na: 1\n^"},
      {"NotUtf8", "scenario: \xff\n", "x.yaml:1:11: not UTF-8 text"},
      {"NotAMapping",
       "- a\n",
       "x.yaml:1:1: a scenario is a mapping that begins with 'scenario: 1'\n- a\n^"},
      {"UnquotedInsertion",
       WithSteps("  - server: {listen: {options: ${old}}}\n"),
       "x.yaml:4:33: bad YAML: end of map flow not found; inside { } and [ ] write \"${name}\" "
       "with "
       "quotes\n  - server: {listen: {options: ${old}}}\n                                ^"},
      {"Version",
       "scenario: 2\ntitle: T\nsteps: []\n",
       "x.yaml:1:11: scenario format '2' is not known; this is 1\nscenario: 2\n          ^"},
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(Syntax, ErrorTest, testing::ValuesIn(SyntaxCases()), NameOf);

const std::vector<Case>& WordCases() {
  static const std::vector<Case> kCases = {
      {"MissingKey",
       "scenario: 1\nsteps: []\n",
       "x.yaml:1:1: 'scenario' needs the key 'title'\nscenario: 1\n^"},
      {"Key",
       "scenario: 1\ntitel: a\nsteps: []\n",
       "x.yaml:2:1: unknown key 'titel'; did you mean 'title'?\ntitel: a\n^"},
      {"Call",
       WithSteps("  - client: conect\n"),
       "x.yaml:4:13: unknown call 'conect'; did you mean 'connect'?\n"
       "  - client: conect\n            ^"},
      {"Step",
       WithSteps("  - wiat: {exit: server}\n"),
       "x.yaml:4:5: unknown peer or step 'wiat'; did you mean 'wait'?\n"
       "  - wiat: {exit: server}\n    ^"},
      {"Peer",
       WithSteps("  - clinet: connect\n"),
       "x.yaml:4:5: unknown peer or step 'clinet'; did you mean 'client'?\n"
       "  - clinet: connect\n    ^"},
      {"CallKey",
       WithSteps("  - server: {listen: {backlock: 5}}\n"),
       "x.yaml:4:23: unknown key 'backlock'; did you mean 'backlog'?\n"
       "  - server: {listen: {backlock: 5}}\n                      ^"},
      {"Option",
       WithSteps("  - server: {listen: {options: [SO_REUSEADR]}}\n"),
       "x.yaml:4:33: unknown option 'SO_REUSEADR'; did you mean 'SO_REUSEADDR'?\n"
       "  - server: {listen: {options: [SO_REUSEADR]}}\n                                ^"},
      {"State",
       Connected("  - wait: {state: {server: TIMEWAIT}}\n"),
       "x.yaml:7:28: unknown state 'TIMEWAIT'; did you mean 'TIME-WAIT'?\n"
       "  - wait: {state: {server: TIMEWAIT}}\n                           ^"},
      {"Sysctl",
       "scenario: 1\ntitle: T\nhosts: {server: {sysctl: {net.ipv4.tcp_fintimeout: 2}}}\nsteps: "
       "[]\n",
       "x.yaml:3:27: unknown sysctl 'net.ipv4.tcp_fintimeout'; did you mean "
       "'net.ipv4.tcp_fin_timeout'?\n"
       "hosts: {server: {sysctl: {net.ipv4.tcp_fintimeout: 2}}}\n                          ^"},
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(Word, ErrorTest, testing::ValuesIn(WordCases()), NameOf);

const std::vector<Case>& OtherWordCases() {
  static const std::vector<Case> kCases = {
      {"Capability",
       "scenario: 1\ntitle: T\nneeds: [roots]\nsteps: []\n",
       "x.yaml:3:9: unknown capability 'roots'; did you mean 'root'?\nneeds: [roots]\n        ^"},
      {"Shows",
       "scenario: 1\ntitle: T\nclaims: [{id: a, shows: confirm}]\nsteps: []\n",
       "x.yaml:3:25: unknown value of 'shows' 'confirm'; did you mean 'confirms'?\n"
       "claims: [{id: a, shows: confirm}]\n                        ^"},
      {"Errno",
       WithSteps("  - client: {connect: {expect: ECONREFUSED}}\n"),
       "x.yaml:4:32: unknown errno 'ECONREFUSED'; did you mean 'ECONNREFUSED'?\n"
       "  - client: {connect: {expect: ECONREFUSED}}\n                               ^"},
      {"Result",
       WithSteps("  - client: {connect: {expect: sucess}}\n"),
       "x.yaml:4:32: unknown result 'sucess'; did you mean 'success'? (or a value, a range 1..10, "
       "an errno name)\n  - client: {connect: {expect: sucess}}\n                               ^"},
      {"Signal",
       WithSteps("  - signal: {peer: server, send: SIGKILL}\n"),
       "x.yaml:4:34: unknown signal 'SIGKILL'; known: KILL, TERM, STOP, CONT, ABRT, SEGV\n"
       "  - signal: {peer: server, send: SIGKILL}\n                                 ^"},
      {"HostStep",
       WithSteps("  - host: {server: rebot}\n"),
       "x.yaml:4:20: unknown host action 'rebot'; did you mean 'reboot'?\n"
       "  - host: {server: rebot}\n                   ^"},
      {"HostOfHostStep",
       WithSteps("  - host: {sever: vanish}\n"),
       "x.yaml:4:12: unknown host 'sever'; did you mean 'server'?\n"
       "  - host: {sever: vanish}\n           ^"},
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(OtherWord, ErrorTest, testing::ValuesIn(OtherWordCases()), NameOf);

const std::vector<Case>& ValueCases() {
  static const std::vector<Case> kCases = {
      {"Unit",
       WithSteps("  - client: {connect: {within: 5}}\n"),
       "x.yaml:4:32: a duration needs a unit, e.g. 5s\n"
       "  - client: {connect: {within: 5}}\n                               ^"},
      {"Duration",
       WithSteps("  - client: {connect: {within: soon}}\n"),
       "x.yaml:4:32: 'soon' is no duration, e.g. 250ms, 5s, 1min\n"
       "  - client: {connect: {within: soon}}\n                               ^"},
      {"Took",
       WithSteps("  - client: {connect: {took: 1s}}\n"),
       "x.yaml:4:30: a range of durations is wanted here, e.g. 1s..1.3s\n"
       "  - client: {connect: {took: 1s}}\n                             ^"},
      {"Backwards",
       WithSteps("  - client: {connect: {took: 2s..1s}}\n"),
       "x.yaml:4:30: the range 2s..1s runs backwards\n"
       "  - client: {connect: {took: 2s..1s}}\n                             ^"},
      {"LeadingZero",
       WithSteps("  - server: {listen: {backlog: 010}}\n"),
       "x.yaml:4:32: '010' is no whole number\n"
       "  - server: {listen: {backlog: 010}}\n                               ^"},
      {"OutOfRange",
       WithSteps("  - server: {listen: {port: 65536}}\n"),
       "x.yaml:4:29: 65536 is not in 0..65535\n"
       "  - server: {listen: {port: 65536}}\n                            ^"},
      {"Boolean",
       Connected("  - client: {send: {bytes: 1, more: maybe}}\n"),
       "x.yaml:7:37: 'maybe' is neither true (on) nor false (off)\n"
       "  - client: {send: {bytes: 1, more: maybe}}\n                                    ^"},
      {"WrongType",
       "scenario: 1\ntitle: [T]\nsteps: []\n",
       "x.yaml:2:8: text is wanted here, not a list\ntitle: [T]\n       ^"},
      {"OptionUnit",
       WithSteps("  - server: {listen: {options: [{TCP_LINGER2: 2}]}}\n"),
       "x.yaml:4:47: TCP_LINGER2 takes whole seconds with a unit, e.g. 2s\n"
       "  - server: {listen: {options: [{TCP_LINGER2: 2}]}}\n"
       "                                              ^"},
      {"OptionValue",
       WithSteps("  - server: {listen: {options: [SO_LINGER]}}\n"),
       "x.yaml:4:33: SO_LINGER needs a value: a mapping, e.g. {on: true, seconds: 0}\n"
       "  - server: {listen: {options: [SO_LINGER]}}\n                                ^"},
      {"Excluding",
       Connected("  - client: {send: {bytes: 1, until: full}}\n"),
       "x.yaml:7:38: 'bytes' and 'until' exclude each other\n"
       "  - client: {send: {bytes: 1, until: full}}\n                                     ^"},
      {"TwoWaits",
       Connected("  - wait: {exit: server, call: x}\n"),
       "x.yaml:7:18: 'call' and 'exit' exclude each other\n"
       "  - wait: {exit: server, call: x}\n                 ^"},
      {"StepOfTwo",
       WithSteps("  - server: listen\n    client: connect\n"),
       "x.yaml:5:5: a step is one thing; begin the next one with '- '\n    client: connect\n    ^"},
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(Value, ErrorTest, testing::ValuesIn(ValueCases()), NameOf);

const std::vector<Case>& ReferenceCases() {
  static const std::vector<Case> kCases = {
      {"Endpoint",
       Connected("  - client: {close: clint}\n"),
       "x.yaml:7:21: unknown endpoint 'clint'; did you mean 'client'?\n"
       "  - client: {close: clint}\n                    ^"},
      {"EndpointOfOther",
       Connected("  - client: {close: server}\n"),
       "x.yaml:7:21: peer 'client' does not hold endpoint 'server'; it holds: client\n"
       "  - client: {close: server}\n                    ^"},
      {"NotYet",
       WithSteps("  - server: listen\n  - server: close\n"),
       "x.yaml:5:13: peer 'server' has no connection; it holds: listener\n"
       "  - server: close\n            ^"},
      {"Closed",
       Connected("  - client: close\n  - client: close\n"),
       "x.yaml:8:13: peer 'client' has closed endpoint 'client' (line 7)\n"
       "  - client: close\n            ^"},
      {"Ambiguous",
       WithSteps("  - server: listen\n  - client: {connect: {as: c, times: 3}}\n"
                 "  - client: close\n"),
       "x.yaml:6:13: which connection of peer 'client'? name one of: c1, c2, c3\n"
       "  - client: close\n            ^"},
      {"InUse",
       WithSteps("  - server: listen\n  - server: {listen: {port: 8081}}\n"),
       "x.yaml:5:5: endpoint 'listener' is already in use (line 4); name the new one with 'as'\n"
       "  - server: {listen: {port: 8081}}\n    ^"},
      {"Glob",
       Connected("  - client: {close: \"x*\"}\n"),
       "x.yaml:7:21: 'x*' matches no endpoint of peer 'client'; it holds: client\n"
       "  - client: {close: \"x*\"}\n                    ^"},
      {"AcceptWithoutListener",
       WithSteps("  - client: accept\n"),
       "x.yaml:4:13: peer 'client' has no listener; it holds: none\n"
       "  - client: accept\n            ^"},
      {"AcceptOnConnection",
       Connected("  - server: {accept: {on: server, as: s}}\n"),
       "x.yaml:7:22: 'accept' needs a listener, which 'server' is not\n"
       "  - server: {accept: {on: server, as: s}}\n                     ^"},
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(Reference, ErrorTest, testing::ValuesIn(ReferenceCases()), NameOf);

const std::vector<Case>& HostAndPeerCases() {
  static const std::vector<Case> kCases = {
      {"Host",
       WithSteps("  - rebind: {host: sever}\n"),
       "x.yaml:4:20: unknown host 'sever'; did you mean 'server'?\n"
       "  - rebind: {host: sever}\n                   ^"},
      {"SignalledPeer",
       WithSteps("  - signal: {peer: child, send: KILL}\n"),
       "x.yaml:4:20: unknown peer 'child'; known: client, server\n"
       "  - signal: {peer: child, send: KILL}\n                   ^"},
      {"Async",
       WithSteps("  - client: {connect: {async: first}}\n  - wait: {call: frist}\n"),
       "x.yaml:5:18: unknown async call 'frist'; did you mean 'first'?\n"
       "  - wait: {call: frist}\n                 ^"},
      {"DeadPeer",
       Connected("  - signal: {peer: server, send: KILL}\n  - server: listen\n"),
       "x.yaml:8:5: peer 'server' has ended (line 7); declare another one under 'peers'\n"
       "  - server: listen\n    ^"},
      {"ThreeHosts",
       "scenario: 1\ntitle: T\nhosts: {a: {}, b: {}, c: {}}\nsteps: []\n",
       "x.yaml:3:8: a scenario has two hosts, not 3: a, b, c\n"
       "hosts: {a: {}, b: {}, c: {}}\n       ^"},
      {"HostIsAStep",
       "scenario: 1\ntitle: T\nhosts: {wire: {}, client: {}}\nsteps: []\n",
       "x.yaml:3:9: a host cannot be named 'wire', which is a step\n"
       "hosts: {wire: {}, client: {}}\n        ^"},
      {"PeerIsAStep",
       "scenario: 1\ntitle: T\npeers: {wire: {host: server}}\nsteps: []\n",
       "x.yaml:3:9: a peer cannot be named 'wire', which is a step\n"
       "peers: {wire: {host: server}}\n        ^"},
      {"PassToOtherHost",
       WithSteps("  - server: listen\n  - server: {pass: {socket: listener, to: client}}\n"),
       "x.yaml:5:43: peer 'client' is on host 'client'; a socket cannot leave host 'server'\n"
       "  - server: {pass: {socket: listener, to: client}}\n"
       "                                          ^"},
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(HostAndPeer, ErrorTest, testing::ValuesIn(HostAndPeerCases()), NameOf);

const std::vector<Case>& ExpectCases() {
  static const std::vector<Case> kCases = {
      {"IllegalEdge",
       Connected("expect:\n  server: [ESTABLISHED, CLOSE-WAIT, TIME-WAIT]\n"),
       "x.yaml:8:37: TIME-WAIT cannot follow CLOSE-WAIT\n"
       "  server: [ESTABLISHED, CLOSE-WAIT, TIME-WAIT]\n                                    ^"},
      {"Begin",
       Connected("expect:\n  server: [FIN-WAIT-1]\n"),
       "x.yaml:8:12: a sequence begins with ESTABLISHED (or LISTEN, SYN-SENT, SYN-RECEIVED), not "
       "with FIN-WAIT-1\n  server: [FIN-WAIT-1]\n           ^"},
      {"Endpoint",
       Connected("expect:\n  sever: [ESTABLISHED]\n"),
       "x.yaml:8:3: unknown endpoint 'sever'; did you mean 'server'?\n"
       "  sever: [ESTABLISHED]\n  ^"},
      {"Segment",
       Connected("expect:\n  segments: [server]\n"),
       "x.yaml:8:14: 'server' is no segment; write HOST FLAGS, e.g. server FIN, or server FIN x3\n"
       "  segments: [server]\n             ^"},
      {"SegmentWord",
       Connected("expect:\n  segments: [server FIN los]\n"),
       "x.yaml:8:14: unknown word of a segment 'los'; did you mean 'lost'?\n"
       "  segments: [server FIN los]\n             ^"},
      {"SegmentWords",
       Connected("expect:\n  segments: [server FIN lost injected]\n"),
       "x.yaml:8:14: 'injected' is one word too many of a segment: one of lost and injected, one "
       "of "
       "x2, x3 …\n  segments: [server FIN lost injected]\n             ^"},
      {"Listener",
       Connected("expect:\n  listener: [ESTABLISHED, CLOSED]\n"),
       "x.yaml:8:14: 'listener' is a listener: its sequence is [LISTEN], or [LISTEN, CLOSED]\n"
       "  listener: [ESTABLISHED, CLOSED]\n             ^"},
      {"ListenerEnd",
       Connected("expect:\n  listener: [LISTEN, SYN-RECEIVED]\n"),
       "x.yaml:8:22: 'listener' is a listener: its sequence is [LISTEN], or [LISTEN, CLOSED]\n"
       "  listener: [LISTEN, SYN-RECEIVED]\n                     ^"},
      {"Flag",
       Connected("expect:\n  segments: [server FINE]\n"),
       "x.yaml:8:14: unknown flag 'FINE'; did you mean 'FIN'?\n"
       "  segments: [server FINE]\n             ^"},
  };
  return kCases;
}
INSTANTIATE_TEST_SUITE_P(Expect, ErrorTest, testing::ValuesIn(ExpectCases()), NameOf);

}  // namespace
}  // namespace lastack
