#include "trace/date_time.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace genepool {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes parts off the front of the text; once one was not there, nothing is.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    if (left_.size() < count || !std::ranges::all_of(left_.substr(0, count), is_digit)) is_good_ = false;
    if (!is_good_) return 0;
    std::from_chars(left_.data(), left_.data() + count, value);
    left_.remove_prefix(count);
    return value;
  }
  bool accept(std::string_view one_of) {
    if (left_.empty() || one_of.find(left_.front()) == std::string_view::npos) return false;
    last_ = left_.front();
    left_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view one_of) { is_good_ = accept(one_of) && is_good_; }
  double fraction() {  // the digits behind a point, at least one
    if (!accept(".")) return 0;
    double value = 0, unit = 1;
    if (left_.empty() || !is_digit(left_.front())) is_good_ = false;
    while (!left_.empty() && is_digit(left_.front())) {
      unit /= 10;
      value += unit * (left_.front() - '0');
      left_.remove_prefix(1);
    }
    return value;
  }
  char last() const { return last_; }
  bool is_done() const { return is_good_ && left_.empty(); }

 private:
  std::string_view left_;
  char last_ = 0;
  bool is_good_ = true;
};

}  // namespace

std::optional<double> parse_date_time(std::string_view text) {
  Scanner scan(text);
  const std::chrono::year year(scan.digits(4));
  scan.expect("-");
  const std::chrono::month month(static_cast<unsigned>(scan.digits(2)));
  scan.expect("-");
  const std::chrono::day day(static_cast<unsigned>(scan.digits(2)));
  scan.expect(" T");
  const int hours = scan.digits(2);
  scan.expect(":");
  const int minutes = scan.digits(2);
  scan.expect(":");
  const int seconds = scan.digits(2);
  const double fraction = scan.fraction();
  int offset_minutes = 0;
  if (!scan.accept("Z") && scan.accept("+-")) {
    const int sign = scan.last() == '-' ? -1 : 1;
    const int offset_hours = scan.digits(2);
    scan.expect(":");
    offset_minutes = sign * (offset_hours * 60 + scan.digits(2));
  }
  const std::chrono::year_month_day date(year, month, day);
  if (!scan.is_done() || !date.ok() || hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86400.0 + ((hours * 60 + minutes - offset_minutes) * 60 + seconds) + fraction;
}

}  // namespace genepool
