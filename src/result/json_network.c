/* How names, addresses and the ways to them stand in JSON. */
#include "result/json_rows.h"
#include "result/trace.h"

#define OF failure
static bool no_failure(const void *item)
{
    return ((const struct failure *)item)->kind == FAILURE_NONE;
}
static const struct shape_field failure_rows[] = {
    { ENUM("kind", kind, WORDS_FAILURE, SHAPE_ALWAYS) },
    { INT_IF("errno", system, 0) },
    { ROW("text", SHAPE_CHARS, SHAPE_LEAVE_OUT), .offset = AT(text),
      .size = sizeof((struct failure *)0)->text },
};
const struct shape json_failure_shape = { SHAPE(failure_rows), .empty = no_failure };
#undef OF

#define OF icmp
static const struct shape_field icmp_rows[] = {
    { INT("type", type) },
    { INT("code", code) },
    { PEER("sender", sender, SHAPE_NULL) },
};
static const struct shape icmp_shape = { SHAPE(icmp_rows) };
#undef OF

#define OF lookup
static const struct shape_field lookup_rows[] = {
    { PEER("name", name, SHAPE_ALWAYS) },
    { OWN("type", type, SHAPE_ALWAYS) },
    { PEER("server", server, SHAPE_ALWAYS) },
    { OWN("transport", transport, SHAPE_ALWAYS) },
    { OWN("rcode", rcode, SHAPE_LEAVE_OUT) },
    { GROUP("error", error, json_failure_shape, SHAPE_LEAVE_OUT) },
    { PEERS("answers", answers) },
    { PEERS("cname", cname) },
    { FLAG("truncated", truncated) },
    { FLAG("udp_failed", udp_failed) },
    { FLAG("ad", ad) },
    { INT_IF("ede", ede, -1) },
    { PEER("zone", zone, SHAPE_LEAVE_OUT) },
    { MS("start_ms", start_ns) },
    { MS_OPEN("duration_ms", duration_ns) },
    { ENUM("source", source, WORDS_SOURCE, SHAPE_ALWAYS) },
    { FLAG("beside", beside) },
    { OBJECT("icmp", icmp, icmp_shape) },
};
const struct shape json_lookup_shape = { SHAPE(lookup_rows) };
#undef OF

#define OF hop
static const struct shape_field hop_rows[] = {
    { INT("ttl", ttl) },
    { ENUM("answer", answer, WORDS_HOP, SHAPE_ALWAYS) },
    { PEER("sender", sender, SHAPE_NULL) },
    { INT_IF("type", type, -1) },
    { INT_IF("code", code, -1) },
    { MS_OPEN("duration_ms", duration_ns) },
};
static const struct shape hop_shape = { SHAPE(hop_rows) };
#undef OF

#define OF path_facts
static const struct shape_field path_rows[] = {
    { PEER("control", control, SHAPE_NULL) },
    { INT_IF("control_port", control_port, 0) },
    { FLAG("same_address", same_address) },
    { LIST("control_hops", control_hops, hop_shape, SHAPE_ALWAYS) },
    { FLAG("confirmed", confirmed) },
    { FLAG("accepts_all", accepts_all) },
    { INT("probes", probes) },
    { MS("start_ms", start_ns) },
    { MS("duration_ms", duration_ns) },
};
static const struct shape path_shape = { SHAPE(path_rows) };
#undef OF

#define OF tcp_facts
static const struct shape_field tcp_rows[] = {
    { OWN("state", state, SHAPE_NULL) },
    { INT_IF("retransmits", retransmits, -1) },
    { INT_IF("total_retrans", total_retrans, -1) },
    { INT_IF("unacked", unacked, -1) },
    { INT_IF("out_of_order", out_of_order, -1) },
    { INT_IF("bytes_acked", bytes_acked, -1) },
    { INT_IF("bytes_received", bytes_received, -1) },
    { INT_IF("path_mtu", path_mtu, -1) },
    { MS_OPEN("rto_ms", rto_ns) },
};
const struct shape json_tcp_shape = { SHAPE(tcp_rows) };
#undef OF

#define OF address
static const struct shape_field address_rows[] = {
    { PEER("address", text, SHAPE_ALWAYS) },
    { INT("family", family) },
    { ENUM("status", status, WORDS_STATUS, SHAPE_ALWAYS) },
    { GROUP("error", error, json_failure_shape, SHAPE_LEAVE_OUT) },
    { FLAG("chosen", chosen) },
    { MS("start_ms", start_ns) },
    { MS_OPEN("connect_ms", connect_ns) },
    { MS_OPEN("rtt_ms", rtt_ns) },
    { PEER("local_address", local, SHAPE_NULL) },
    { OBJECT("icmp", icmp, icmp_shape) },
    { OBJECT("tcp", tcp, json_tcp_shape) },
    { LIST("hops", hops, hop_shape, SHAPE_LEAVE_OUT) },
    { OBJECT("path", path, path_shape) },
};
const struct shape json_address_shape = { SHAPE(address_rows) };
#undef OF

#define OF published
static const struct shape_field published_rows[] = {
    { PEER("source", source, SHAPE_ALWAYS) },
    { OWN("date", date, SHAPE_NULL) },
    { PEER("tcp_ports", tcp_ports, SHAPE_ALWAYS) },
    { PEERS("hosts", hosts) },
    { PEERS("ranges", ranges) },
};
const struct shape json_published_shape = { SHAPE(published_rows) };
#undef OF
