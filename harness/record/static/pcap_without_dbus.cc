// What a statically linked libpcap lacks without libdbus: its capture source for D-Bus, of which
// there is none.
//
// The shared libpcap pulls in D-Bus, systemd and six more libraries; without them lastack-host,
// which every run starts twice, comes up in two thirds of the time. Source: pcap.c,
// capture_source_types.

extern "C" {

struct pcap;
struct pcap_if_list;

// "No device of mine".
// NOLINTNEXTLINE(readability-identifier-naming): libpcap's name
pcap* dbus_create(const char* /*device*/, char* /*error*/, int* is_ours) {
  *is_ours = 0;
  return nullptr;
}

// NOLINTNEXTLINE(readability-identifier-naming): libpcap's name
int dbus_findalldevs(pcap_if_list* /*devices*/, char* /*error*/) {
  return 0;
}
}
