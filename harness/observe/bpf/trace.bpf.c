/* The kernel's side of the witness: TCP state changes, mini-socket timers, RSTs and retransmissions of watched namespaces.
 *
 * The types below name only the members that are read; their places are relocated to the running kernel's (CO-RE), so
 * one object serves all kernels and no vmlinux.h is needed. A tracepoint or an argument that a kernel lacks leaves its program
 * unloaded (kernel_trace.cc decides) and is a blind spot of the witness.
 *
 * A mini-socket (struct inet_timewait_sock) changes its state without a tracepoint. What shows its life are its timer, and the
 * freeing of every segment that it received (kfree_skb names the receiving socket since Linux 6.11).
 *
 * The kernel does not run a program that it has interrupted on the same CPU: a timer that fires in the middle of one, as it
 * does where a virtual CPU was stopped there, would end a socket unseen. What can be interrupted is therefore attached
 * twice; the second program reports what the first one did not. The timers' tracepoints are passed with interrupts off.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "trace_event.h"

char LICENSE[] SEC("license") = "GPL";

#define RELOCATED __attribute__((preserve_access_index))

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define TCP_TIME_WAIT 6



typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct in6_addr {
  u8 bytes[16];
};

struct ns_common {
  u32 inum;
} RELOCATED;

struct net {
  struct ns_common ns;
} RELOCATED;

typedef struct {
  struct net *net;
} RELOCATED possible_net_t;

typedef struct {
  long long counter;
} RELOCATED atomic64_t;

struct sock_common {
  u32 skc_daddr;
  u32 skc_rcv_saddr;
  u16 skc_dport;
  u16 skc_num;
  u16 skc_family;
  volatile u8 skc_state;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
  atomic64_t skc_cookie;
} RELOCATED;

struct sock {
  struct sock_common __sk_common;
  u16 sk_protocol;
} RELOCATED;

struct inet_sock {
  u16 inet_sport;
} RELOCATED;

struct timer_list {
  unsigned long expires;
} RELOCATED;

struct inet_timewait_sock {
  struct sock_common __tw_common;
  u8 tw_substate;
  struct timer_list tw_timer;
} RELOCATED;

struct net_device {
  possible_net_t nd_net;
} RELOCATED;

struct sk_buff {
  struct net_device *dev;
  u8 *head;
  u16 transport_header;
  u16 network_header;
} RELOCATED;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 8 << 20);
} ring SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, u32);
  __type(value, struct lastack_trace_counts);
} namespaces SEC(".maps");

enum twice { STATE, RST_SENT, FREED, TWICE };

/* What the first program of a pair has reported last on this CPU. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, TWICE);
  __type(key, u32);
  __type(value, u64);
} reported SEC(".maps");

const volatile unsigned long long wake_above = 1 << 20; /* bytes that wait in the ring before the reader is woken */

/* A place for an event of a namespace that is watched; null if it is not, or if the ring is full. */
static struct lastack_trace_event *begin(u32 netns, u8 kind) {
  struct lastack_trace_counts *counts = bpf_map_lookup_elem(&namespaces, &netns);
  if (!counts) {
    return 0;
  }
  __sync_fetch_and_add(&counts->happened, 1);
  struct lastack_trace_event *event = bpf_ringbuf_reserve(&ring, sizeof *event, 0);
  if (!event) {
    __sync_fetch_and_add(&counts->lost, 1);
    return 0;
  }
  __builtin_memset(event, 0, sizeof *event);
  event->t_ns = bpf_ktime_get_ns();
  event->netns = netns;
  event->kind = kind;
  return event;
}

static void end(struct lastack_trace_event *event) {
  bool wake = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wake_above;
  bpf_ringbuf_submit(event, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static void set_reported(u32 pair, u64 what) {
  u64 *last = bpf_map_lookup_elem(&reported, &pair);
  if (last) {
    *last = what;
  }
}

static bool is_reported(u32 pair, u64 what) {
  u64 *last = bpf_map_lookup_elem(&reported, &pair);
  if (!last || *last != what) {
    return false;
  }
  *last = 0;
  return true;
}

/* By bpf_probe_read_kernel, since what a pointer points to may be a socket of another kind than its type says. */
static u32 netns_of(const struct sock_common *common) {
  return BPF_CORE_READ(common, skc_net.net, ns.inum);
}

static void set_addresses(struct lastack_trace_event *event, const struct sock_common *common) {
  event->local_port = BPF_CORE_READ(common, skc_num);
  event->remote_port = bpf_ntohs(BPF_CORE_READ(common, skc_dport));
  event->cookie = BPF_CORE_READ(common, skc_cookie.counter);
  if (BPF_CORE_READ(common, skc_family) == AF_INET6) {
    event->v6 = 1;
    BPF_CORE_READ_INTO(&event->local, common, skc_v6_rcv_saddr);
    BPF_CORE_READ_INTO(&event->remote, common, skc_v6_daddr);
  } else {
    BPF_CORE_READ_INTO((u32 *)&event->local, common, skc_rcv_saddr);
    BPF_CORE_READ_INTO((u32 *)&event->remote, common, skc_daddr);
  }
}

/* A full socket that is CLOSED has given its port back, but knows which it was. */
static void set_addresses_of_full(struct lastack_trace_event *event, struct sock *sk) {
  set_addresses(event, &sk->__sk_common);
  if (event->local_port == 0) {
    event->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
  }
}

/* Of a full socket. The helper gives it a cookie where it has none yet; its mini-socket inherits that. */
static struct lastack_trace_event *begin_of(struct sock *sk, u8 kind) {
  if (sk->sk_protocol != IPPROTO_TCP) {
    return 0;
  }
  struct lastack_trace_event *event = begin(netns_of(&sk->__sk_common), kind);
  if (!event) {
    return 0;
  }
  u64 cookie = bpf_get_socket_cookie(sk);
  set_addresses_of_full(event, sk);
  event->cookie = cookie;
  return event;
}

static void report_state(struct sock *sk, int old_state, int new_state) {
  struct lastack_trace_event *event = begin_of(sk, LASTACK_TRACE_STATE);
  if (event) {
    event->old_state = old_state;
    event->new_state = new_state;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event->comm, sizeof event->comm);
    end(event);
  }
}

/* Numbers that tell one event from the next. */
static u64 change(struct sock *sk, int new_state) {
  return BPF_CORE_READ(sk, __sk_common.skc_cookie.counter) ^ (u64)new_state << 56;
}

static u64 segment(struct sk_buff *skb) {
  return (u64)BPF_CORE_READ(skb, head);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int old_state, int new_state) {
  report_state(sk, old_state, new_state);
  set_reported(STATE, change(sk, new_state));
  return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_again, struct sock *sk, int old_state, int new_state) {
  if (!is_reported(STATE, change(sk, new_state))) {
    report_state(sk, old_state, new_state);
  }
  return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(on_rst_received, struct sock *sk) {
  struct lastack_trace_event *event = begin_of(sk, LASTACK_TRACE_RST_RECEIVED);
  if (event) {
    end(event);
  }
  return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroyed, struct sock *sk) {
  struct lastack_trace_event *event = begin_of(sk, LASTACK_TRACE_DESTROYED);
  if (event) {
    end(event);
  }
  return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(on_retransmitted, struct sock *sk) {
  struct lastack_trace_event *event = begin_of(sk, LASTACK_TRACE_RETRANSMITTED);
  if (event) {
    end(event);
  }
  return 0;
}

/* A RST that answers a segment goes back to where that came from. */
static void set_addresses_of_answer(struct lastack_trace_event *event, const struct sk_buff *skb) {
  u8 *head = BPF_CORE_READ(skb, head);
  u8 *ip = head + BPF_CORE_READ(skb, network_header);
  u8 *tcp = head + BPF_CORE_READ(skb, transport_header);
  u8 version = 0;
  u16 ports[2] = {};
  bpf_probe_read_kernel(&version, sizeof version, ip);
  bpf_probe_read_kernel(&ports, sizeof ports, tcp);
  event->remote_port = bpf_ntohs(ports[0]);
  event->local_port = bpf_ntohs(ports[1]);
  if (version >> 4 == 6) {
    event->v6 = 1;
    bpf_probe_read_kernel(&event->remote, 16, ip + 8);
    bpf_probe_read_kernel(&event->local, 16, ip + 24);
  } else {
    bpf_probe_read_kernel(&event->remote, 4, ip + 12);
    bpf_probe_read_kernel(&event->local, 4, ip + 16);
  }
}

/* Without a segment it is an abort of this end. `sk` may be a mini-socket or a request. A segment that has reached a full
 * socket, a listener among them, knows no device any more.
 */
static void report_rst(struct sock *sk, struct sk_buff *skb, int reason) {
  u32 netns = sk ? netns_of(&sk->__sk_common) : (skb ? BPF_CORE_READ(skb, dev, nd_net.net, ns.inum) : 0);
  struct lastack_trace_event *event = begin(netns, LASTACK_TRACE_RST_SENT);
  if (!event) {
    return;
  }
  if (skb) {
    event->cookie = sk ? BPF_CORE_READ(sk, __sk_common.skc_cookie.counter) : 0;
    set_addresses_of_answer(event, skb);
  } else if (sk) {
    set_addresses_of_full(event, sk);
  }
  event->reason = reason;
  end(event);
}

static u64 answer(struct sock *sk, struct sk_buff *skb) {
  return skb ? segment(skb) : (sk ? change(sk, 0) : 0);
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_rst_sent, struct sock *sk, struct sk_buff *skb, int reason) {
  report_rst(sk, skb, reason);
  set_reported(RST_SENT, answer(sk, skb));
  return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_rst_sent_again, struct sock *sk, struct sk_buff *skb, int reason) {
  if (!is_reported(RST_SENT, answer(sk, skb))) {
    report_rst(sk, skb, reason);
  }
  return 0;
}

static void report_mini(struct inet_timewait_sock *tw, u8 kind, u8 tcp_flags) {
  struct sock_common *common = (void *)tw + bpf_core_field_offset(struct inet_timewait_sock, __tw_common);
  if (BPF_CORE_READ(common, skc_state) != TCP_TIME_WAIT) {
    return;
  }
  struct lastack_trace_event *event = begin(netns_of(common), kind);
  if (!event) {
    return;
  }
  set_addresses(event, common);
  event->new_state = BPF_CORE_READ(tw, tw_substate);
  event->left_ticks = BPF_CORE_READ(tw, tw_timer.expires) - bpf_jiffies64();
  event->tcp_flags = tcp_flags;
  end(event);
}

/* Any timer of the machine: what is no mini-socket has no watched namespace where a mini-socket has it. */
static void report_timer(void *timer, u8 kind) {
  report_mini(timer - bpf_core_field_offset(struct inet_timewait_sock, tw_timer), kind, 0);
}

SEC("tp_btf/timer_start")
int BPF_PROG(on_timer_set, void *timer) {
  report_timer(timer, LASTACK_TRACE_TIMER_SET);
  return 0;
}

SEC("tp_btf/timer_cancel")
int BPF_PROG(on_timer_cancelled, void *timer) {
  report_timer(timer, LASTACK_TRACE_TIMER_CANCELLED);
  return 0;
}

SEC("tp_btf/timer_expire_entry")
int BPF_PROG(on_timer_expired, void *timer) {
  report_timer(timer, LASTACK_TRACE_TIMER_EXPIRED);
  return 0;
}

static void report_freed(struct sk_buff *skb, struct sock *receiver) {
  u8 flags = 0;
  u8 *tcp = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header);
  bpf_probe_read_kernel(&flags, sizeof flags, tcp + 13);
  report_mini((void *)receiver, LASTACK_TRACE_MINI_RECEIVED, flags);
}

static bool is_mini(struct sock *receiver) {
  return receiver && receiver->__sk_common.skc_state == TCP_TIME_WAIT;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(on_freed, struct sk_buff *skb, void *location, int reason, struct sock *receiver) {
  if (is_mini(receiver)) {
    report_freed(skb, receiver);
    set_reported(FREED, segment(skb));
  }
  return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(on_freed_again, struct sk_buff *skb, void *location, int reason, struct sock *receiver) {
  if (is_mini(receiver) && !is_reported(FREED, segment(skb))) {
    report_freed(skb, receiver);
  }
  return 0;
}
