#include "backend/gateways/hooks/generic_event.h"

#include "backend/gateways/phone_number.h"

namespace convoke::gateways::hooks {
namespace {

constexpr const char* kCall = "convoke.call";
constexpr const char* kTicket = "convoke.ticket";
constexpr const char* kTicketWithdrawn = "convoke.ticket.withdrawn";

std::optional<std::string> attestation(std::string_view text) {
  return text == "A" || text == "B" || text == "C" ? std::optional(std::string(text)) : std::nullopt;
}

/// Of local numbers; what the sender says counts before what the configuration does.
std::string country_of(const Field& data, const std::string& configured) {
  const Field country = data["country"];
  const auto known = [](std::string_view text) {
    return text.empty() || is_calling_code(text) ? std::optional(std::string(text)) : std::nullopt;
  };
  const std::string said = country.given() ? country.choice(known, "a country's calling code as 49") : "";
  return said.empty() ? configured : said;
}

Reading call(core::Act act, const Field& data, const std::string& country, const IdentityVault& vault) {
  const Field number = data["number"], caller = data["caller"], attested = data["attested"],
              verified = data["verified"];
  act.source = core::kByCall;
  const auto known = [&](std::string_view text) { return to_e164(text, country); };
  act.to = number.choice(known, "a telephone number as +4930123456");
  if (attested.given()) act.attested = attested.choice(attestation, "one of A, B, C");
  act.verified = verified.flag() || !act.attested.empty();
  act.proof = act.attested.empty() ? (act.verified ? "the exchange vouches for it" : "unverified")
                                   : "attested " + act.attested;
  const auto who = vault.phone(optional_line(caller), country);
  if (!who) return Nothing{"an anonymous call"};
  add(act, who);
  act.subject = who->key;
  return act;
}

Reading ticket(core::Act act, const Field& data, const std::string& country, const IdentityVault& vault) {
  const Field order = data["order"], products = data["products"], mail = data["mail"], phone = data["phone"],
              codes = data["codes"];
  act.subject = order.line(1, kMaxTextBytes);
  act.proof = act.withdrawn ? "taken back" : "bought";
  if (act.withdrawn) return act;
  if (products.given())
    products.each(0, kMaxProducts, [&](const Field& f) { add_product(act, f.line(1, kMaxTextBytes)); });
  if (mail.given()) add(act, vault.mail(mail.line(1, kMaxMailBytes)));
  if (phone.given()) add(act, vault.phone(phone.line(1, kMaxTextBytes), country));
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
  if (envelope.type == kCall) return call(std::move(act), data, country_of(data, country), vault);
  act.withdrawn = envelope.type == kTicketWithdrawn;
  return ticket(std::move(act), data, country_of(data, country), vault);
}

}  // namespace convoke::gateways::hooks
