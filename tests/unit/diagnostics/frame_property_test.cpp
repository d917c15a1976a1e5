#include <catch2/catch.hpp>
#include <random>

#include "compiler/diagnostics/display.hpp"
#include "compiler/diagnostics/render.hpp"

namespace rollout::diagnostics {
namespace {

// Pieces that make layout hard, so that random texts are full of them.
constexpr std::string_view kPieces[] = {"a",
                                        "word ",
                                        "\t",
                                        "\n",
                                        "\r\n",
                                        "\r",
                                        "漢",
                                        "e\xCC\x81",
                                        "\xFF",
                                        "\xC3",
                                        "\xE2\x80\xAE",
                                        "🚀",
                                        "\x1b",
                                        "  ",
                                        "\xEF\xBB\xBF",
                                        "stage x {",
                                        "}",
                                        "when p95 > 1s then rollback"};

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_() % limit); }
  std::string text(std::uint32_t most_pieces) {
    std::string result;
    for (std::uint32_t i = below(most_pieces + 1); i > 0; --i) result += kPieces[below(std::size(kPieces))];
    return result;
  }
  Location location(const Files& files) {
    const auto file = below(static_cast<std::uint32_t>(files.files.size()) + 1);
    const std::uint32_t limit = below(10) == 0 ? 0xFFFFFFFF : 200;
    return {FileId{file}, {below(limit), below(limit)}};
  }

 private:
  std::mt19937 engine_;
};

Diagnostic random_diagnostic(Random& random, const Files& files) {
  Diagnostic diagnostic{.code = Code{static_cast<std::uint16_t>(random.below(30))}, .message = random.text(4)};
  diagnostic.primary = random.location(files);
  diagnostic.primary_label = random.text(3);
  for (auto i = random.below(5); i > 0; --i) diagnostic.labels.push_back({random.location(files), random.text(12)});
  for (auto i = random.below(3); i > 0; --i) diagnostic.notes.push_back(random.text(20));
  for (auto i = random.below(2); i > 0; --i) diagnostic.helps.push_back(random.text(5));
  return diagnostic;
}

// The rows of a frame without the headline and the headings, which are as long as they are.
void check_rows(const std::string& frame, std::size_t columns) {
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < frame.size(); ++number) {
    const std::size_t end = frame.find('\n', begin);
    REQUIRE(end != std::string::npos);
    const std::string row = frame.substr(begin, end - begin);
    begin = end + 1;
    const bool heading = row.find("-->") != std::string::npos || row.find(":::") != std::string::npos;
    if (number > 0 && !heading && cell_count(row) > columns) FAIL("too wide: " + row + "\n" + frame);
    if (printable(row) != row) FAIL("not fit for a terminal: " + printable(row) + "\n" + frame);
    if (!row.empty() && row.back() == ' ') FAIL("blank at the end: " + row + "|\n" + frame);
  }
}

TEST_CASE("no span, text or width breaks a frame") {
  for (std::uint32_t seed = 0; seed < 4'000; ++seed) {
    Random random(seed);
    Files files;
    for (auto i = 1 + random.below(3); i > 0; --i) files.files.push_back({random.text(2), random.text(40)});
    const Diagnostic diagnostic = random_diagnostic(random, files);
    const std::size_t columns = 20 + random.below(120);
    CAPTURE(seed);
    check_rows(render_frame(diagnostic, files, {.columns = columns}), std::max<std::size_t>(columns, 60));
    const std::string line = render_short(diagnostic, files);
    REQUIRE(line.find('\n') == line.size() - 1);
    const std::string json = render_json(diagnostic, files);
    REQUIRE(json.find('\n') == json.size() - 1);
    REQUIRE(repaired_utf8(json) == json);
  }
}

TEST_CASE("a line of many megabytes costs no more than a part of it") {
  Files files{{{"huge.rollout", std::string(8u << 20, 'x')}}};
  const Diagnostic diagnostic{
      .code = Code::Unexpected, .message = "m", .primary = {FileId{0}, {5u << 20, (5u << 20) + 3}}};
  const std::string frame = render_frame(diagnostic, files, {});
  CHECK(frame.size() < 1000);
  CHECK(frame.find("^^^\n") != std::string::npos);
}

}  // namespace
}  // namespace rollout::diagnostics
