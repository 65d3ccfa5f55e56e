#include "backend/gateways/hooks/fields.h"
#include "backend/gateways/hooks/kinds.h"

/// Shopify: orders/paid, orders/updated, orders/cancelled and refunds/create. The signature covers the body
/// and nothing else, so the body alone decides what it means and by what it counts once; the headers that
/// name topic and delivery could have been changed.
namespace convoke::gateways::hooks {
namespace {

class Shopify : public Hook {
 public:
  Shopify(const HookOptions& options, const IdentityVault& vault)
      : secrets_(options.secrets), country_(options.country), vault_(vault) {}

  Signed verify(const Request& r) const override {
    return check_base64(Digest::sha256, r.header("x-shopify-hmac-sha256"), r.body, secrets_);
  }
  std::string_view expected() const override {
    return "X-Shopify-Hmac-SHA256: expected one made with this shop's secret over this body";
  }

  Reading read(const Request& r) const override {
    JsonReader reader(r.body, kMaxBodyBytes);
    if (!reader.ok()) return finish(reader, Nothing{});
    const Field& root = reader.root();
    core::Act act;
    act.id = sha256_hex(r.body);
    Reading reading =
        root["refund_line_items"].present() ? refund(root, std::move(act)) : order(root, std::move(act));
    return finish(reader, std::move(reading));
  }

 private:
  /// It does not say whether something is left. Where something is, orders/updated says so too, of the same
  /// second, and that must be the newer word.
  static Reading refund(const Field& root, core::Act act) {
    const Field order = root["order_id"], created = root["created_at"], items = root["refund_line_items"];
    act.subject = number_id(order);
    act.at_ms = date_time(created) - 1;
    act.withdrawn = true;
    act.proof = "shopify: refunded";
    if (items.list_size(0, kMaxItems) == 0) return Nothing{"a refund of money only"};
    return act;
  }

  Reading order(const Field& root, core::Act act) const {
    const Field id = root["id"], updated = root["updated_at"], cancelled = root["cancelled_at"],
                status = root["financial_status"], processed = root["processed_at"];
    act.subject = number_id(id);
    act.told_ms = date_time(updated);
    act.at_ms = optional_date_time(processed).value_or(act.told_ms);
    const std::string paid = optional_line(status);
    act.withdrawn = cancelled.given() || paid == "refunded" || paid == "voided";
    act.proof = "shopify: " + (cancelled.given() ? "cancelled" : paid);
    if (act.withdrawn) return act;
    if (paid != "paid" && paid != "partially_refunded") return Nothing{"not paid yet"};
    products(root, act);
    people(root, act);
    return act;
  }

  static void products(const Field& root, core::Act& act) {
    const Field items = root["line_items"];
    items.each(0, kMaxItems, [&](const Field& item) {
      const Field sku = item["sku"], product = item["product_id"];
      add_product(act, optional_line(sku));
      add_product(act, optional_number_id(product));
    });
  }

  void people(const Field& root, core::Act& act) const {
    const Field mail = root["email"], phone = root["phone"];
    add(act, vault_.mail(optional_line(mail, kMaxMailBytes)));
    add(act, vault_.phone(optional_line(phone), country_));
  }

  Secrets secrets_;
  std::string country_;
  const IdentityVault& vault_;
};

}  // namespace

std::unique_ptr<Hook> make_shopify(const HookOptions& options, const IdentityVault& vault) {
  return std::make_unique<Shopify>(options, vault);
}

}  // namespace convoke::gateways::hooks
