#include "ops/crowd/wire.h"

namespace convoke::crowd::wire {
namespace {

constexpr std::size_t kMaxPacket = 1 << 20;
constexpr unsigned char kUserProperty = 0x26;

void put16(std::string& out, std::size_t value) {
  out += static_cast<char>((value >> 8) & 0xff);
  out += static_cast<char>(value & 0xff);
}

void put_text(std::string& out, std::string_view text) {
  put16(out, text.size());
  out.append(text);
}

void put_varint(std::string& out, std::size_t value) {
  do {
    const auto digit = static_cast<unsigned char>(value & 0x7f);
    value >>= 7;
    out += static_cast<char>(value > 0 ? digit | 0x80 : digit);
  } while (value > 0);
}

std::string packet(unsigned char first, const std::string& body) {
  std::string out(1, static_cast<char>(first));
  put_varint(out, body.size());
  return out + body;
}

/// Reads a packet's bytes from front to back; `ok` turns false instead of reading beyond them.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::string_view rest() const { return bytes_; }

  unsigned u8() { return static_cast<unsigned char>(take(1)[0]); }
  std::uint16_t u16() {
    const std::string_view two = take(2);
    return static_cast<std::uint16_t>((static_cast<unsigned char>(two[0]) << 8) |
                                      static_cast<unsigned char>(two[1]));
  }
  std::size_t varint() {
    std::size_t value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      const unsigned digit = u8();
      value |= static_cast<std::size_t>(digit & 0x7f) << shift;
      if ((digit & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string_view text() { return take(u16()); }
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return std::string_view("\0\0", std::min<std::size_t>(size, 2));
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

bool has_stamp(std::string_view properties) {
  // The broker's other properties on a PUBLISH come before or after; the name is all that is looked for.
  return properties.find(std::string(1, static_cast<char>(kUserProperty)) + std::string("\0\4cv-n", 6)) !=
         std::string_view::npos;
}

void read_publish(Reader& in, unsigned flags, Packet& out) {
  out.topic = in.text();
  if ((flags & 0x06) != 0) out.id = in.u16();
  out.stamped = has_stamp(in.take(in.varint()));
  out.payload = in.rest();
}

void read_ack(Reader& in, Packet& out) {
  out.id = in.u16();
  if (!in.rest().empty()) out.code = static_cast<int>(in.u8());
}

void read_suback(Reader& in, Packet& out) {
  out.id = in.u16();
  in.take(in.varint());
  for (const char code : in.rest()) out.codes.push_back(static_cast<unsigned char>(code));
}

Packet read(unsigned first, std::string_view body, bool& broken) {
  Packet out;
  out.type = static_cast<Type>(first >> 4);
  Reader in(body);
  switch (out.type) {
    case Type::connack:
      in.u8(), out.code = static_cast<int>(in.u8());
      break;
    case Type::publish:
      read_publish(in, first & 0x0f, out);
      break;
    case Type::puback:
      read_ack(in, out);
      break;
    case Type::suback:
    case Type::unsuback:
      read_suback(in, out);
      break;
    case Type::disconnect:
      out.code = body.empty() ? 0 : static_cast<int>(in.u8());
      break;
    case Type::pong:
      break;
    default:
      broken = true;
  }
  broken = broken || !in.ok();
  return out;
}

}  // namespace

std::string connect(const Connect& c) {
  constexpr unsigned kCleanStart = 0x02, kWill = 0x04 | 0x08 | 0x20, kPassword = 0x40, kUser = 0x80;
  std::string body;
  put_text(body, "MQTT");
  body += '\5';
  body += static_cast<char>(kCleanStart | kPassword | kUser | (c.will_topic.empty() ? 0 : kWill));
  put16(body, c.keepalive_s);
  body += '\0';  // no properties
  put_text(body, c.client_id);
  if (!c.will_topic.empty()) {
    body += '\0';
    put_text(body, c.will_topic);
    put_text(body, c.will_payload);
  }
  put_text(body, c.user);
  put_text(body, c.password);
  return packet(0x10, body);
}

std::string publish(std::string_view topic, std::string_view payload, std::uint16_t id, bool retain,
                    const UserProperties& properties) {
  std::string encoded;
  for (const auto& [name, value] : properties) {
    encoded += '\x26';
    put_text(encoded, name);
    put_text(encoded, value);
  }
  std::string body;
  put_text(body, topic);
  if (id != 0) put16(body, id);
  put_varint(body, encoded.size());
  body += encoded;
  body.append(payload);
  return packet(static_cast<unsigned char>(0x30 | (id != 0 ? 0x02 : 0) | (retain ? 0x01 : 0)), body);
}

std::string subscribe(std::uint16_t id, const std::vector<std::pair<std::string, int>>& filters) {
  std::string body;
  put16(body, id);
  body += '\0';
  for (const auto& [filter, qos] : filters) {
    put_text(body, filter);
    body += static_cast<char>(qos);
  }
  return packet(0x82, body);
}

std::string unsubscribe(std::uint16_t id, const std::vector<std::string>& filters) {
  std::string body;
  put16(body, id);
  body += '\0';
  for (const std::string& filter : filters) put_text(body, filter);
  return packet(0xa2, body);
}

std::string puback(std::uint16_t id) {
  std::string body;
  put16(body, id);
  return packet(0x40, body);
}

std::string ping() { return packet(0xc0, ""); }
std::string disconnect() { return packet(0xe0, ""); }

Parsed parse(std::string_view bytes) {
  Parsed result;
  std::size_t length = 0, at = 1;
  for (int shift = 0;; shift += 7, ++at) {
    if (shift > 21) return {.packet = {}, .size = 0, .broken = true};
    if (at >= bytes.size()) return result;
    const auto digit = static_cast<unsigned char>(bytes[at]);
    length |= static_cast<std::size_t>(digit & 0x7f) << shift;
    if ((digit & 0x80) == 0) break;
  }
  ++at;
  if (length > kMaxPacket) return {.packet = {}, .size = 0, .broken = true};
  if (bytes.size() - at < length) return result;
  result.packet = read(static_cast<unsigned char>(bytes[0]), bytes.substr(at, length), result.broken);
  result.size = at + length;
  if (result.broken) result.packet.reset();
  return result;
}

}  // namespace convoke::crowd::wire
