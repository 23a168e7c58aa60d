#include "api/router.h"

#include <algorithm>

#include "api/errors.h"

namespace genepool::api {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  if (!segments.empty() && segments.back().empty()) segments.pop_back();  // "/v1/models/" is "/v1/models"
  return segments;
}

bool is_wild(std::string_view segment) { return segment.starts_with('{'); }

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
  return pattern.size() == path.size() &&
         std::equal(pattern.begin(), pattern.end(), path.begin(),
                    [](std::string_view want, std::string_view got) { return is_wild(want) ? !got.empty() : want == got; });
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
  auto route = std::ranges::find(routes_, pattern, &Route::pattern);
  if (route == routes_.end()) route = routes_.insert(routes_.end(), {pattern, split(pattern), {}});
  route->handlers.emplace(method, std::move(handler));
}

void Router::dispatch(const CallPtr& call) const {
  const std::vector<std::string_view> path = split(call->request.path);
  const bool is_path = call->request.path.starts_with('/');  // "*" and a whole URL are none, and not the root either
  const auto route = std::ranges::find_if(routes_, [&](const Route& r) { return is_path && matches(r.segments, path); });
  if (route == routes_.end()) {
    call->endpoint = "unknown";  // not the path: a scanner would fill the metrics with labels
    return call->reply_error(fail(Code::kNotFound, "no such path: {} {}", call->request.method, call->request.path).value());
  }
  call->endpoint = route->pattern;
  const std::string_view method = call->request.method == "HEAD" ? "GET" : std::string_view(call->request.method);
  const auto handler = route->handlers.find(method);
  if (handler == route->handlers.end()) return refuse_method(*call, *route);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!is_wild(route->segments[i])) continue;
    auto decoded = percent_decode(path[i], false);
    if (!decoded) return call->reply_error(decoded.error());
    call->args.push_back(std::move(*decoded));
  }
  handler->second(call);
}

void Router::refuse_method(const Call& call, const Route& route) {
  std::string allowed;
  for (const auto& [method, handler] : route.handlers) allowed += (allowed.empty() ? "" : ", ") + std::string(method);
  const Error error =
      fail(Code::kMethodNotAllowed, "{} does not take {}: use {}", route.pattern, call.request.method, allowed).value();
  Headers headers = error_headers(error);
  headers.emplace_back("allow", allowed);
  const int status = error_row(error.code).http_status;
  call.count(status);
  call.writer->reply(status, std::move(headers), error_body(error));
}

}  // namespace genepool::api
