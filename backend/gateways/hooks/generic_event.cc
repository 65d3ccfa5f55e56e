#include "backend/gateways/hooks/generic_event.h"

namespace convoke::gateways::hooks {
namespace {

constexpr const char* kCall = "convoke.call";
constexpr const char* kTicket = "convoke.ticket";
constexpr const char* kTicketWithdrawn = "convoke.ticket.withdrawn";

std::optional<std::string> attestation(std::string_view text) {
  return text == "A" || text == "B" || text == "C" ? std::optional(std::string(text)) : std::nullopt;
}

Reading call(core::Act act, const Field& data, const std::string& country, const IdentityVault& vault) {
  const Field number = data["number"], caller = data["caller"], attested = data["attested"],
              verified = data["verified"];
  act.source = core::kByCall;
  const auto known = [&](std::string_view text) {
    const std::string e164 = to_number(std::string(text), country);
    return e164.empty() ? std::nullopt : std::optional(e164);
  };
  act.to = number.choice(known, "a telephone number as +4930123456");
  if (attested.given()) act.attested = attested.choice(attestation, "one of A, B, C");
  act.verified = verified.flag() || !act.attested.empty();
  act.proof = act.attested.empty() ? (act.verified ? "the exchange vouches for it" : "unverified")
                                   : "attested " + act.attested;
  const std::string from = optional_line(caller);
  const auto who = vault.phone(to_number(from, country));
  if (!who) return Nothing{"an anonymous call"};
  add(act, who);
  act.subject = who->key;
  return act;
}

Reading ticket(core::Act act, const Field& data, const IdentityVault& vault) {
  const Field order = data["order"], products = data["products"], mail = data["mail"], phone = data["phone"],
              codes = data["codes"];
  act.subject = order.line(1, kMaxTextBytes);
  act.proof = act.withdrawn ? "taken back" : "bought";
  if (act.withdrawn) return act;
  if (products.given())
    products.each(0, kMaxProducts, [&](const Field& f) { add_product(act, f.line(1, kMaxTextBytes)); });
  if (mail.given()) add(act, vault.mail(mail.line(1, kMaxMailBytes)));
  if (phone.given()) add(act, vault.phone(phone.line(1, kMaxTextBytes)));
  if (codes.given())
    codes.each(0, kMaxWho, [&](const Field& f) { add(act, vault.ticket(f.line(1, kMaxTextBytes))); });
  return act;
}

}  // namespace

bool is_generic_type(const std::string& type) {
  return type == kCall || type == kTicket || type == kTicketWithdrawn;
}

Reading read_generic(const Envelope& envelope, const Field& data, const std::string& country,
                     const IdentityVault& vault) {
  core::Act act;
  act.id = envelope.id;
  act.at_ms = envelope.at_ms;
  if (!is_generic_type(envelope.type)) return Nothing{"of a type that is no call and no ticket"};
  if (envelope.type == kCall) return call(std::move(act), data, country, vault);
  act.withdrawn = envelope.type == kTicketWithdrawn;
  return ticket(std::move(act), data, vault);
}

std::string to_number(const std::string& text, const std::string& country) {
  if (const auto number = to_e164(text)) return *number;
  const bool local = text.size() > 1 && text[0] == '0' && text[1] != '0';
  if (!local || country.empty()) return {};
  return to_e164("+" + country + text.substr(1)).value_or("");
}

}  // namespace convoke::gateways::hooks
