#include "backend/gateways/hooks/fields.h"
#include "backend/gateways/hooks/kinds.h"

/// Ticket Tailor: orders register who bought, issued tickets who holds them.
/// https://developers.tickettailor.com/docs/webhook/configuration
namespace convoke::gateways::hooks {
namespace {

class TicketTailor : public Hook {
 public:
  TicketTailor(const HookOptions& options, const IdentityVault& vault)
      : secrets_(options.secrets), country_(options.country), vault_(vault) {}

  Signed verify(const Request& r) const override {
    return check_timed(r.header("tickettailor-webhook-signature"), "", r.body, secrets_, r.now_ms);
  }
  std::string_view expected() const override {
    return "Tickettailor-Webhook-Signature: expected one made with this webhook's secret over this body, at "
           "most 300 s ago";
  }

  Reading read(const Request& r) const override {
    JsonReader reader(r.body, kMaxBodyBytes);
    const Field &root = reader.root(), id = root["id"], event = root["event"], payload = root["payload"];
    core::Act act;
    act.id = id.line(1, kMaxTextBytes);
    const std::string type = event.line(1, kMaxTextBytes);
    if (!reader.ok()) return finish(reader, Nothing{});
    if (type.rfind("ORDER.", 0) == 0) return finish(reader, order(payload, std::move(act), r.now_ms));
    if (type.rfind("ISSUED_TICKET.", 0) == 0)
      return finish(reader, ticket(payload, std::move(act), r.now_ms));
    return Nothing{"neither an order nor a ticket"};
  }

 private:
  /// Without a time of change, an update is as new as it comes.
  static void times(const Field& payload, core::Act& act, std::int64_t now_ms) {
    const Field created = payload["created_at"], updated = payload["updated_at"];
    act.at_ms = unix_seconds(created);
    act.told_ms = updated.given() ? unix_seconds(updated) : now_ms;
  }

  Reading order(const Field& payload, core::Act act, std::int64_t now_ms) const {
    const Field id = payload["id"], status = payload["status"], buyer = payload["buyer_details"],
                event = payload["event_summary"];
    act.subject = id.line(1, kMaxTextBytes);
    times(payload, act, now_ms);
    const std::string state = status.line(1, kMaxTextBytes);
    act.withdrawn = state == "cancelled" || state == "refunded";
    act.proof = "ticket tailor: order " + state;
    if (act.withdrawn) return act;
    if (state != "completed") return Nothing{"not completed yet"};
    if (event.given()) {
      const Field of = event["id"];
      add_product(act, optional_line(of));
    }
    if (!buyer.given()) return act;
    const Field mail = buyer["email"], phone = buyer["phone"];
    add(act, vault_.mail(optional_line(mail, kMaxMailBytes)));
    add(act, vault_.phone(optional_line(phone), country_));
    return act;
  }

  Reading ticket(const Field& payload, core::Act act, std::int64_t now_ms) const {
    const Field id = payload["id"], status = payload["status"], event = payload["event_id"],
                kind = payload["ticket_type_id"], mail = payload["email"], code = payload["barcode"];
    act.subject = id.line(1, kMaxTextBytes);
    times(payload, act, now_ms);
    const std::string state = status.line(1, kMaxTextBytes);
    act.withdrawn = state == "voided";
    act.proof = "ticket tailor: ticket " + state;
    if (act.withdrawn) return act;
    if (state != "valid") return Nothing{"not a valid ticket"};
    add_product(act, optional_line(event));
    add_product(act, optional_line(kind));
    add(act, vault_.mail(optional_line(mail, kMaxMailBytes)));
    add(act, vault_.ticket(optional_line(code)));
    return act;
  }

  Secrets secrets_;
  std::string country_;
  const IdentityVault& vault_;
};

}  // namespace

std::unique_ptr<Hook> make_ticket_tailor(const HookOptions& options, const IdentityVault& vault) {
  return std::make_unique<TicketTailor>(options, vault);
}

}  // namespace convoke::gateways::hooks
