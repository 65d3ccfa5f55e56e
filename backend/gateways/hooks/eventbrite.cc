#include <algorithm>

#include "backend/gateways/hooks/fields.h"
#include "backend/gateways/hooks/kinds.h"

/// Eventbrite does not sign: what comes is a hint with the address of what has changed. Only the order's
/// number is taken from it; the order is asked for at the address that the configuration names.
namespace convoke::gateways::hooks {
namespace {

const std::string kOrders = "orders/";

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Eventbrite : public Hook {
 public:
  Eventbrite(std::string api, ShopApi::Fetch fetch, const IdentityVault& vault)
      : api_(std::move(api)), fetch_(std::move(fetch)), vault_(vault) {}

  Signed verify(const Request&) const override { return Signed::good; }
  std::string_view expected() const override { return ""; }

  Reading read(const Request& r) const override {
    JsonReader reader(r.body, kMaxBodyBytes);
    const Field &root = reader.root(), address = root["api_url"], config = root["config"];
    if (!reader.ok()) return finish(reader, Nothing{});
    const Field action = config["action"];
    const std::string what = action.line(1, kMaxTextBytes), url = address.line(1, 500);
    if (!reader.ok()) return finish(reader, Nothing{});
    if (what.rfind("order.", 0) == 0) {
      const std::string order = order_of(url);
      if (order.empty()) return Refusal{400, "body.api_url: expected an order below this hook's api"};
      return Hint{kOrders + order};
    }
    if (what.rfind("attendee.", 0) != 0) return Nothing{"not about an order or who holds its tickets"};
    const std::string attendee = attendee_of(url);
    if (attendee.empty()) return Refusal{400, "body.api_url: expected an attendee below this hook's api"};
    return Hint{attendee};
  }

  Reading ask(const std::string& about) const override {
    const std::string order = order_of(api_ + "/" + about), attendee = attendee_of(api_ + "/" + about);
    if (!order.empty()) return ask_for(order);
    return attendee.empty() ? Nothing{"no order"} : ask_for_order_of(attendee);
  }

 private:
  Reading ask_for(const std::string& order) const {
    auto answer = fetch_("/orders/" + order + "/?expand=attendees");
    if (auto* refusal = std::get_if<Refusal>(&answer)) return *refusal;
    return read_order(std::get<std::string>(answer), order);
  }

  /// One ticket was changed, given to somebody else, or taken back: the order says what is left.
  Reading ask_for_order_of(const std::string& attendee) const {
    auto answer = fetch_("/" + attendee + "/");
    if (auto* refusal = std::get_if<Refusal>(&answer)) return *refusal;
    JsonReader reader(std::get<std::string>(answer), kMaxBodyBytes);
    const Field order = reader.root()["order_id"];
    const std::string number = order.line(1, 20);
    if (!reader.ok() || !is_number(number))
      return Refusal{503, "the shop's API: order_id: expected a number", 300};
    return ask_for(number);
  }

  /// "{api}/orders/123/" is order 123.
  std::string order_of(const std::string& url) const {
    const std::string start = api_ + "/" + kOrders;
    if (url.rfind(start, 0) != 0) return {};
    std::string number = url.substr(start.size());
    if (!number.empty() && number.back() == '/') number.pop_back();
    return is_number(number) ? number : std::string();
  }

  /// "{api}/events/55/attendees/7/" is events/55/attendees/7, with the numbers and nothing else in it.
  std::string attendee_of(const std::string& url) const {
    static constexpr std::string_view kMiddle = "/attendees/";
    const std::string start = api_ + "/events/";
    if (url.rfind(start, 0) != 0) return {};
    std::string rest = url.substr(start.size());
    if (!rest.empty() && rest.back() == '/') rest.pop_back();
    const auto middle = rest.find(kMiddle);
    if (middle == std::string::npos) return {};
    const std::string event = rest.substr(0, middle), attendee = rest.substr(middle + kMiddle.size());
    if (!is_number(event) || !is_number(attendee)) return {};
    return "events/" + event + std::string(kMiddle) + attendee;
  }

  Reading read_order(const std::string& json, const std::string& order) const {
    JsonReader reader(json, kMaxBodyBytes);
    const Field &root = reader.root(), id = root["id"], status = root["status"], created = root["created"],
                changed = root["changed"];
    id.exactly(order);
    const std::string state = status.line(1, 64);
    core::Act act;
    act.subject = order;
    act.told_ms = date_time(changed);
    act.at_ms = std::min(date_time(created), act.told_ms);
    act.id = order + "/" + state + "/" + std::to_string(act.told_ms);
    act.withdrawn = state == "refunded" || state == "cancelled" || state == "canceled" || state == "deleted";
    act.proof = "eventbrite: " + state;
    const bool bought = state == "placed";
    if (bought) tickets(root, act);
    auto done = reader.finish(std::move(act));
    if (!done) return Refusal{503, "the shop's API: " + done.error().to_string(), 300};
    if (!bought && !done->withdrawn) return Nothing{"not placed yet"};
    return *std::move(done);
  }

  void tickets(const Field& root, core::Act& act) const {
    const Field mail = root["email"], event = root["event_id"], attendees = root["attendees"];
    add(act, vault_.mail(optional_line(mail, kMaxMailBytes)));
    const std::string at = optional_line(event);
    add_product(act, at);
    if (!attendees.given()) return;
    attendees.each(0, kMaxItems, [&](const Field& attendee) {
      const Field cancelled = attendee["cancelled"], refunded = attendee["refunded"],
                  profile = attendee["profile"], kind = attendee["ticket_class_id"],
                  barcodes = attendee["barcodes"];
      if ((cancelled.given() && cancelled.boolean()) || (refunded.given() && refunded.boolean())) return;
      const std::string ticket = optional_line(kind);
      if (!at.empty() && !ticket.empty()) add_product(act, at + "/" + ticket);
      if (profile.given()) {
        const Field address = profile["email"];
        add(act, vault_.mail(optional_line(address, kMaxMailBytes)));
      }
      if (!barcodes.given()) return;
      barcodes.each(0, 20, [&](const Field& barcode) {
        const Field code = barcode["barcode"];
        add(act, vault_.ticket(optional_line(code)));
      });
    });
  }

  std::string api_;
  ShopApi::Fetch fetch_;
  const IdentityVault& vault_;
};

}  // namespace

std::unique_ptr<Hook> make_eventbrite(const std::string& api, ShopApi::Fetch fetch,
                                      const IdentityVault& vault) {
  return std::make_unique<Eventbrite>(api, std::move(fetch), vault);
}

}  // namespace convoke::gateways::hooks
