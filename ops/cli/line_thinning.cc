#include "ops/cli/line_thinning.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace convoke::cli {
namespace {

// Lines are measured in pieces: the time for a piece may grow with the square of its length.
constexpr std::size_t kPiece = 1024;

double distance(MapPoint p, MapPoint a, MapPoint b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double along =
      length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0.0;
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/// Measures the points between `first` and `last` by how far they lie from the line that is drawn without
/// them; none more than the point for whose sake it is looked at.
void measure(const MapLine& line, std::size_t first, std::size_t last, std::vector<double>& weight) {
  struct Span {
    std::size_t first, last;
    double most;
  };
  std::vector<Span> spans{{first, last, HUGE_VAL}};
  while (!spans.empty()) {
    const Span span = spans.back();
    spans.pop_back();
    std::size_t furthest = span.first;
    double most = 0;
    for (std::size_t i = span.first + 1; i < span.last; ++i) {
      const double d = distance(line[i], line[span.first], line[span.last]);
      if (d > most) furthest = i, most = d;
    }
    if (furthest == span.first) continue;  // all on the line
    weight[furthest] = std::min(most, span.most);
    spans.push_back({span.first, furthest, weight[furthest]});
    spans.push_back({furthest, span.last, weight[furthest]});
  }
}

double extent(const MapLine& line) {
  MapPoint low = line.front(), high = low;
  for (const MapPoint& p : line) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  return std::hypot(high.x - low.x, high.y - low.y);
}

std::vector<double> weights(const MapLine& line) {
  std::vector<double> weight(line.size(), 0);
  if (line.empty()) return weight;
  const double whole = extent(line);
  for (std::size_t first = 0; first + 1 < line.size(); first += kPiece) {
    const std::size_t last = std::min(first + kPiece, line.size() - 1);
    measure(line, first, last, weight);
    weight[last] = whole;
  }
  weight.front() = weight.back() = std::max(whole, 1e-3);  // a line of one place is a dot
  return weight;
}

}  // namespace

Thinned thin(const std::vector<MapLine>& lines, std::size_t max_points) {
  struct Point {
    double weight;
    std::size_t line, place;
  };
  std::vector<Point> points;
  for (std::size_t l = 0; l < lines.size(); ++l) {
    const auto weight = weights(lines[l]);
    for (std::size_t i = 0; i < weight.size(); ++i)
      if (weight[i] > 0) points.push_back({weight[i], l, i});  // the others change nothing
  }
  Thinned result;
  result.kept.resize(lines.size());
  if (points.size() > max_points) {
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(max_points);
    std::nth_element(points.begin(), end, points.end(),
                     [](const Point& a, const Point& b) { return a.weight > b.weight; });
    result.within_m = end->weight;
    result.left_out = points.size() - max_points;
    points.resize(max_points);
  }
  for (const Point& point : points) result.kept[point.line].push_back(point.place);
  for (auto& places : result.kept) std::sort(places.begin(), places.end());
  return result;
}

}  // namespace convoke::cli
