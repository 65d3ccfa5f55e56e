#include "backend/gateways/hooks/fields.h"
#include "backend/gateways/hooks/kinds.h"

/// Stripe: https://docs.stripe.com/webhooks. A purchase is a Checkout Session; a refund names the payment it
/// was made with, so that is what an act is about.
namespace convoke::gateways::hooks {
namespace {

enum class What { paid, failed, refunded, disputed, other };

What what_of(std::string_view type) {
  if (type == "checkout.session.completed" || type == "checkout.session.async_payment_succeeded")
    return What::paid;
  if (type == "checkout.session.async_payment_failed" || type == "checkout.session.expired")
    return What::failed;
  if (type == "charge.dispute.closed") return What::disputed;
  return type == "charge.refunded" ? What::refunded : What::other;
}

class Stripe : public Hook {
 public:
  Stripe(const HookOptions& options, const IdentityVault& vault)
      : secrets_(options.secrets), country_(options.country), vault_(vault) {}

  Signed verify(const Request& r) const override {
    return check_timed(r.header("stripe-signature"), ".", r.body, secrets_, r.now_ms);
  }
  std::string_view expected() const override {
    return "Stripe-Signature: expected one made with this endpoint's secret over this body, at most 300 s "
           "ago";
  }

  Reading read(const Request& r) const override {
    JsonReader reader(r.body, kMaxBodyBytes);
    const Field &root = reader.root(), id = root["id"], type = root["type"], created = root["created"],
                data = root["data"];
    core::Act act;
    act.id = id.line(1, kMaxTextBytes);
    act.at_ms = unix_seconds(created);
    const What what = what_of(type.line(1, kMaxTextBytes));
    if (reader.ok() && what == What::other) return Nothing{"of a type that is no purchase"};
    const Field object = data["object"];
    Reading reading = what == What::refunded   ? refund(object, std::move(act))
                      : what == What::disputed ? dispute(object, std::move(act))
                                               : session(object, std::move(act), what == What::failed);
    return finish(reader, std::move(reading));
  }

 private:
  static Reading refund(const Field& charge, core::Act act) {
    const Field payment = charge["payment_intent"], all = charge["refunded"];
    if (!all.boolean()) return Nothing{"not all of it is refunded"};
    if (!payment.given()) return Nothing{"not of a checkout"};
    act.subject = payment.line(1, kMaxTextBytes);
    act.withdrawn = true;
    act.proof = "stripe: refunded";
    return act;
  }

  /// Who pays with another's card has no ticket; who only says that somebody else did has one until that is
  /// decided.
  static Reading dispute(const Field& dispute, core::Act act) {
    const Field payment = dispute["payment_intent"], status = dispute["status"];
    if (status.line(1, kMaxTextBytes) != "lost") return Nothing{"a dispute that is not lost"};
    if (!payment.given()) return Nothing{"not of a checkout"};
    act.subject = payment.line(1, kMaxTextBytes);
    act.withdrawn = true;
    act.proof = "stripe: dispute lost";
    return act;
  }

  Reading session(const Field& object, core::Act act, bool failed) const {
    const Field id = object["id"], payment = object["payment_intent"], status = object["payment_status"];
    act.subject = payment.given() ? payment.line(1, kMaxTextBytes) : id.line(1, kMaxTextBytes);
    act.withdrawn = failed;
    act.proof = failed ? "stripe: not paid" : "stripe: paid";
    if (failed) return act;
    const std::string paid = status.line(1, kMaxTextBytes);
    if (paid != "paid" && paid != "no_payment_required") return Nothing{"not paid yet"};
    products(object, act);
    people(object, act);
    return act;
  }

  static void products(const Field& object, core::Act& act) {
    const Field link = object["payment_link"], metadata = object["metadata"];
    add_product(act, optional_line(link));
    if (!metadata.given()) return;
    const Field product = metadata["product"];
    add_product(act, optional_line(product));
  }

  void people(const Field& object, core::Act& act) const {
    const Field details = object["customer_details"];
    if (!details.given()) return;
    const Field mail = details["email"], phone = details["phone"];
    add(act, vault_.mail(optional_line(mail, kMaxMailBytes)));
    add(act, vault_.phone(optional_line(phone), country_));
  }

  Secrets secrets_;
  std::string country_;
  const IdentityVault& vault_;
};

}  // namespace

std::unique_ptr<Hook> make_stripe(const HookOptions& options, const IdentityVault& vault) {
  return std::make_unique<Stripe>(options, vault);
}

}  // namespace convoke::gateways::hooks
