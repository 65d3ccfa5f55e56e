#include <algorithm>

#include "backend/gateways/hooks/fields.h"
#include "backend/gateways/hooks/kinds.h"
#include "topics/ids.h"

/// pretix does not sign: what comes is a hint that an order has changed, and the order itself is asked for.
/// Whatever counts (its state, its times, what it counts once by) is from that answer.
/// https://docs.pretix.eu/dev/api/webhooks.html
namespace convoke::gateways::hooks {
namespace {

/// A part of a path: nothing that leads elsewhere.
/// It becomes a part of a path.
bool is_name(const std::string& text) {
  return topics::is_plain_id(text) && text[0] != '.' && text.find("..") == std::string::npos;
}

class Pretix : public Hook {
 public:
  Pretix(ShopApi::Fetch fetch, std::string country, const IdentityVault& vault)
      : fetch_(std::move(fetch)), country_(std::move(country)), vault_(vault) {}

  Signed verify(const Request&) const override { return Signed::good; }
  std::string_view expected() const override { return ""; }

  Reading read(const Request& r) const override {
    JsonReader reader(r.body, kMaxBodyBytes);
    const Field &root = reader.root(), organizer = root["organizer"], event = root["event"],
                code = root["code"], action = root["action"];
    const std::string what = action.line(1, kMaxTextBytes);
    const bool about_orders = what.rfind("pretix.event.order.", 0) == 0;
    if (reader.ok() && !about_orders) return Nothing{"not about an order"};
    const std::string of = organizer.plain_id(), at = event.plain_id(), order = code.plain_id();
    if (!reader.ok()) return finish(reader, Nothing{});
    if (!is_name(of) || !is_name(at) || !is_name(order))
      return Refusal{400, "body: expected organizer, event and code without a dot in front or two in a row"};
    return Hint{of + "/" + at + "/" + order};
  }

  Reading ask(const std::string& about) const override {
    const auto first = about.find('/'), second = about.rfind('/');
    if (first == second) return Nothing{"no order"};
    const std::string of = about.substr(0, first), at = about.substr(first + 1, second - first - 1),
                      order = about.substr(second + 1);
    if (!is_name(of) || !is_name(at) || !is_name(order)) return Nothing{"no order"};
    auto answer = fetch_("/api/v1/organizers/" + of + "/events/" + at + "/orders/" + order + "/");
    if (auto* refusal = std::get_if<Refusal>(&answer)) return *refusal;
    return read_order(std::get<std::string>(answer), at, order);
  }

 private:
  Reading read_order(const std::string& json, const std::string& event, const std::string& code) const {
    JsonReader reader(json, kMaxBodyBytes);
    const Field &root = reader.root(), named = root["code"], status = root["status"],
                modified = root["last_modified"], placed = root["datetime"];
    named.exactly(code);
    const std::string state = status.line(1, 1);
    core::Act act;
    act.subject = event + "/" + code;
    act.told_ms = date_time(modified);
    act.at_ms = std::min(date_time(placed), act.told_ms);
    act.id = act.subject + "/" + state + "/" + std::to_string(act.told_ms);
    act.withdrawn = state == "c" || state == "e";
    act.proof = state == "e" ? "pretix: expired" : act.withdrawn ? "pretix: canceled" : "pretix: paid";
    const bool paid = state == "p";
    if (paid) tickets(root, event, act);
    auto done = reader.finish(std::move(act));
    if (!done) return Refusal{503, "the shop's API: " + done.error().to_string(), 300};
    if (!paid && !done->withdrawn) return Nothing{"not paid yet"};
    return *std::move(done);
  }

  void tickets(const Field& root, const std::string& event, core::Act& act) const {
    const Field mail = root["email"], phone = root["phone"], positions = root["positions"],
                payments = root["payments"];
    add_product(act, event);
    add(act, vault_.mail(optional_line(mail, kMaxMailBytes)));
    add(act, vault_.phone(optional_line(phone), country_));
    positions.each(0, kMaxItems, [&](const Field& position) {
      const Field item = position["item"], attendee = position["attendee_email"], secret = position["secret"],
                  canceled = position["canceled"];
      if (canceled.given() && canceled.boolean()) return;
      add_product(act, event + "/" + number_id(item));
      add(act, vault_.mail(optional_line(attendee, kMaxMailBytes)));
      add(act, vault_.ticket(optional_line(secret)));
    });
    if (!payments.given()) return;
    payments.each(0, kMaxItems, [&](const Field& payment) {
      const Field state = payment["state"], paid = payment["payment_date"];
      if (optional_line(state) != "confirmed") return;
      if (const auto at = optional_date_time(paid)) act.at_ms = std::min(*at, act.told_ms);
    });
  }

  ShopApi::Fetch fetch_;
  std::string country_;
  const IdentityVault& vault_;
};

}  // namespace

std::unique_ptr<Hook> make_pretix(ShopApi::Fetch fetch, const std::string& country,
                                  const IdentityVault& vault) {
  return std::make_unique<Pretix>(std::move(fetch), country, vault);
}

}  // namespace convoke::gateways::hooks
