/* What the programs in trace.bpf.c report: the layout that the kernel side writes and this process
 * reads. C and C++.
 *
 * Units: t_ns is CLOCK_MONOTONIC; ports are in host byte order; an IPv4 address is in the first
 * four bytes.
 */
#ifndef LASTACK_OBSERVE_BPF_TRACE_EVENT_H_
#define LASTACK_OBSERVE_BPF_TRACE_EVENT_H_

/* NOLINTBEGIN(readability-identifier-naming): the names are C's */
enum lastack_trace_kind {
  LASTACK_TRACE_STATE,           /* a socket goes from old_state to new_state */
  LASTACK_TRACE_TIMER_SET,       /* the timer of a mini-socket: it lives for left_ticks */
  LASTACK_TRACE_TIMER_CANCELLED, /* also just before it expires or is set anew */
  LASTACK_TRACE_TIMER_EXPIRED,
  LASTACK_TRACE_MINI_RECEIVED, /* a mini-socket has dealt with a segment that has tcp_flags */
  LASTACK_TRACE_RST_SENT,      /* reason; socket is 0 where there was none */
  LASTACK_TRACE_RST_RECEIVED,
  LASTACK_TRACE_RETRANSMITTED,
  LASTACK_TRACE_DESTROYED, /* the socket's memory is given back */
};

struct lastack_trace_event {
  unsigned long long t_ns;
  unsigned long long cookie; /* SO_COOKIE; a mini-socket has its socket's; 0: none */
  long long left_ticks;
  unsigned int netns; /* inode number of the network namespace */
  unsigned int pid;   /* of the process that ran, if it is in a call; 0: in an interrupt */
  unsigned char kind;
  unsigned char old_state;
  unsigned char new_state; /* Linux numbers; of a mini-socket its sub-state */
  unsigned char reason;    /* enum sk_rst_reason */
  unsigned char tcp_flags;
  unsigned char v6; /* the addresses are IPv6 */
  unsigned short local_port;
  unsigned short remote_port;
  unsigned short unused[3];
  unsigned char local[16];
  unsigned char remote[16];
  char comm[16];
};

/* The value of a watched namespace: how many events it had, and how many of them did not fit into
 * the ring. */
struct lastack_trace_counts {
  unsigned long long happened;
  unsigned long long lost;
};
/* NOLINTEND(readability-identifier-naming) */

#endif
