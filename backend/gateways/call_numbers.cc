#include "backend/gateways/call_numbers.h"

#include <variant>

#include "backend/gateways/phone_number.h"

namespace convoke::gateways {

std::vector<std::string> wrong_call_numbers(const std::vector<core::Plan>& plans) {
  std::vector<std::string> problems;
  for (const core::Plan& plan : plans)
    for (const core::Registrar& by : plan.registering.by) {
      const auto* call = std::get_if<core::ByCall>(&by);
      if (!call) continue;
      const auto number = to_e164(call->number);
      if (number != call->number)
        problems.push_back("plan(" + plan.id.str() + ").registration.call: number: expected " +
                           number.value_or("a telephone number as +4930123456"));
    }
  return problems;
}

}  // namespace convoke::gateways
