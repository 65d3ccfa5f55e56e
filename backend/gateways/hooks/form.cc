#include "backend/gateways/hooks/form.h"

#include <charconv>

namespace convoke::gateways::hooks {
namespace {

constexpr std::size_t kMaxFields = 200;

}  // namespace

std::string percent_decode(std::string_view text, bool plus) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const first = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(first, first + 2, value, 16).ptr == first + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::optional<Form> parse_form(std::string_view text) {
  Form form;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view field = text.substr(0, end);
    const auto equals = field.find('=');
    if (form.size() == kMaxFields) return std::nullopt;
    if (!field.empty())
      form.emplace_back(percent_decode(field.substr(0, equals)),
                        equals == std::string_view::npos ? "" : percent_decode(field.substr(equals + 1)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return form;
}

std::string_view value_of(const Form& form, std::string_view name) {
  for (const auto& [key, value] : form)
    if (key == name) return value;
  return {};
}

}  // namespace convoke::gateways::hooks
