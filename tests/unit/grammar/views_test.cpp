// The typed views: every clause can be reached without reading text again.
#include "grammar/views.hpp"

#include <catch2/catch.hpp>

#include "support.hpp"

namespace rollout::grammar::test {
namespace {

// The first node of a view's kind in a statement of a stage, a file or a scenario.
template <typename ViewType>
class Viewed {
 public:
  explicit Viewed(const std::string& text) : tree_(parse_text(text)) {
    INFO(print_tree(tree_));
    CHECK(tree_.problems().empty());
    for (std::uint32_t i = 0; i < tree_.events().size(); ++i) {
      if (!ViewType::accepts(tree_.events()[i].kind)) continue;
      const std::vector<NodeRef> found = tree_.root().descendants(tree_.events()[i].kind);
      view_ = as<ViewType>(found.front());
      break;
    }
    REQUIRE(view_);
  }
  const ViewType* operator->() const { return &*view_; }

 private:
  SyntaxTree tree_;
  std::optional<ViewType> view_;
};

std::string step(const std::string& text) {
  return "rollout r {\n" + text + "\n}\n";
}
std::string line(const std::string& text) {
  return "scenario \"s\" of r {\n" + text + "\n}\n";
}
std::string let(const std::string& text) {
  return "let x = " + text + "\n";
}

}  // namespace

TEST_CASE("views of expressions") {
  const Viewed<ComparisonView> comparison(let("a.b < 5%"));
  CHECK(text_of(comparison->left()) == "a.b");
  CHECK(text_of(comparison->right()) == "5%");
  CHECK(comparison->operation()->is(SyntaxKind::Less));
  const Viewed<ComparisonView> missing(let("m is not missing"));
  CHECK((missing->is_missing_test() && missing->is_negated() && !missing->right()));
  const Viewed<ComparisonView> range(let("x in 1..5"));
  CHECK(range->is_range_test());
  CHECK(text_of(as<RangeView>(range->right())->high()) == "5");
  const Viewed<SumView> sum(let("a + b - c"));
  CHECK(sum->operands().size() == 3);
  CHECK(sum->operators()[1].is(SyntaxKind::Minus));
  const Viewed<RelativeView> relative(let("20% below x"));
  CHECK_FALSE(relative->is_above());
  CHECK(text_of(relative->base()) == "x");
  const Viewed<CallView> call(let("std.f(1, k: 2)"));
  CHECK(path_of(call->node) == std::vector<std::string_view>{"std", "f"});
  REQUIRE(call->arguments().size() == 2);
  const auto named = as<ArgumentView>(call->arguments()[1]);
  CHECK(text_of(named->name()) == "k");
  CHECK(text_of(named->value()) == "2");
  const Viewed<EntryView> entry(let("{ \"a\": b, c: 2 }"));
  CHECK(text_of(entry->key()) == "\"a\"");
  CHECK(text_of(entry->value()) == "b");
  const Viewed<IndexView> index(let("a[b]"));
  CHECK(text_of(index->object()) == "a");
  CHECK(text_of(index->index()) == "b");
  const Viewed<MemberView> member(let("a.is"));
  CHECK(text_of(member->name()) == "is");
  CHECK(Viewed<BooleanLiteralView>(let("true"))->value());
  CHECK(Viewed<QuantityView>(let("5m"))->literal()->is(SyntaxKind::Duration));
  CHECK(Viewed<RunView>(let("run `ls`"))->command());
  CHECK(Viewed<EnumValueView>("enum e { a = -1 }\n")->is_negative());
  CHECK(text_of(Viewed<MapTypeView>("param x: { string: number }\n")->value()) == "number");
}

TEST_CASE("views of declarations") {
  const Viewed<MetricView> metric(
      "metric up(a: string = \"x\") by instance, zone: number = q(\"up\") every 30s over 5m unit MB/s stale after 2m "
      "baseline 5 absent is 0\n");
  CHECK(text_of(metric->name()) == "up");
  CHECK(metric->parameters().size() == 1);
  CHECK(text_of(as<FieldView>(metric->parameters()[0])->default_value()) == "\"x\"");
  CHECK(metric->labels().size() == 2);
  CHECK(text_of(metric->type()) == "number");
  CHECK(text_of(metric->source()) == "q(\"up\")");
  CHECK(text_of(metric->every()) == "30s");
  CHECK(text_of(metric->over()) == "5m");
  CHECK(text_of(metric->unit()) == "MB/s");
  CHECK(text_of(metric->stale_after()) == "2m");
  CHECK(text_of(metric->baseline()) == "5");
  CHECK(text_of(metric->absent_is()) == "0");
  const Viewed<ParamView> param("param image: string matching \"a\" = \"b\"\n");
  CHECK(text_of(param->matching()) == "\"a\"");
  CHECK(text_of(param->default_value()) == "\"b\"");
  const Viewed<UseView> use("use std.slack as s\n");
  CHECK(path_of(*use->module()) == std::vector<std::string_view>{"std", "slack"});
  CHECK(text_of(use->alias()) == "s");
  const Viewed<ActionView> action("irreversible action a(x: number): string {\n  undo { }\n  probe { }\n}\n");
  CHECK(action->modifier()->is(SyntaxKind::KeywordIrreversible));
  CHECK((action->undo() && action->probe() && action->body() && action->type()));
  const Viewed<RequireView> require("check c { require a == b \"why\" }\n");
  CHECK(text_of(require->condition()) == "a == b");
  CHECK(text_of(require->message()) == "\"why\"");
  const Viewed<StageView> stage(step("stage canary = std.step(5%)"));
  CHECK(text_of(stage->instance_of()) == "std.step(5%)");
  const Viewed<LetView> binding("let d: string = idempotent f(x) timeout 5m retry 3 every 5s within 1h else abort\n");
  CHECK(binding->modifier()->is(SyntaxKind::KeywordIdempotent));
  CHECK(text_of(binding->value()) == "f(x)");
  CHECK(text_of(binding->timeout()) == "5m");
  CHECK(text_of(as<RetryView>(binding->retry())->every()) == "5s");
  CHECK(text_of(binding->within()) == "1h");
  CHECK(binding->else_response()->is(SyntaxKind::AbortOutcome));
  const Viewed<GuardsView> guards("guards g { watch a; when b then abort }\n");
  CHECK(guards->guards().size() == 2);
  const Viewed<PastView> past("source s: number { past(from, to, step) { return 1 }\n return 2 }\n");
  CHECK(past->names().size() == 3);
}

TEST_CASE("views of headers, hooks and schedules") {
  const Viewed<WindowView> window(step("window 02:00..04:00 UTC on mon..fri, sun"));
  CHECK(text_of(window->times()) == "02:00..04:00");
  CHECK(text_of(window->zone()) == "UTC");
  REQUIRE(window->days().size() == 2);
  CHECK(text_of(as<DayRangeView>(window->days()[0])->last()) == "fri");
  const Viewed<SettingView> setting(step("setting \"A\" = \"b\" \"why\""));
  CHECK(text_of(setting->key()) == "\"A\"");
  CHECK(text_of(setting->value()) == "\"b\"");
  CHECK(text_of(setting->reason()) == "\"why\"");
  const Viewed<ContactView> contact(step("contact dba \"call\""));
  CHECK(text_of(contact->role()) == "dba");
  CHECK(text_of(contact->text()) == "\"call\"");
  const Viewed<LinkView> link(step("link \"a\" \"b\""));
  CHECK(text_of(link->address()) == "\"b\"");
  const Viewed<FreezeView> freeze(step("freeze a..b \"why\""));
  CHECK(text_of(freeze->times()) == "a..b");
  CHECK(text_of(freeze->reason()) == "\"why\"");
  const Viewed<RollbackExpiresView> expires(step("rollback expires 1d after end of full else pause"));
  CHECK(expires->after_end());
  CHECK(text_of(expires->stage()) == "full");
  CHECK(expires->else_response()->is(SyntaxKind::PauseOutcome));
  const Viewed<OnMissingView> missing(step("on missing for 5m abort"));
  CHECK(text_of(missing->for_duration()) == "5m");
  CHECK(missing->response()->is(SyntaxKind::AbortOutcome));
  const Viewed<SampleView> sample(step("sample every 1m for 1h, every 5m"));
  REQUIRE(sample->cadences().size() == 2);
  CHECK(text_of(as<CadenceView>(sample->cadences()[0])->for_duration()) == "1h");
  const Viewed<PropertyView> property(step("never a > 1 unless approved \"Go\""));
  CHECK(property->is_never());
  CHECK(text_of(property->unless_approved()) == "\"Go\"");
  CHECK(Viewed<HookView>(step("on rolling back { }"))->event() == "rolling back");
  const Viewed<ScheduleView> schedule(step("at success + 1d - 1h every 1h for 6h always { }"));
  CHECK(schedule->anchor()->is(SyntaxKind::KeywordSuccess));
  CHECK(schedule->offsets().size() == 2);
  CHECK(schedule->signs()[1].is(SyntaxKind::Minus));
  CHECK(text_of(schedule->every()) == "1h");
  CHECK(text_of(schedule->for_duration()) == "6h");
  CHECK((schedule->is_always() && schedule->block()));
}

TEST_CASE("views of steps") {
  const Viewed<TrafficView> ramp(step("traffic 5%..50% by 5% every 10m else rollback"));
  CHECK(ramp->is_ramp());
  CHECK(text_of(ramp->share()) == "5%");
  CHECK(text_of(ramp->to()) == "50%");
  CHECK(text_of(ramp->step()) == "5%");
  CHECK(text_of(ramp->every()) == "10m");
  const Viewed<HoldView> hold(step("hold 1m..2m until a > 1 for 5m and b > 2 else rollback"));
  CHECK(text_of(hold->duration()) == "1m..2m");
  REQUIRE(hold->conditions().size() == 2);
  CHECK(text_of(as<ConditionView>(hold->conditions()[0])->for_duration()) == "5m");
  CHECK(Viewed<HoldView>(step("hold 1m..2m until {\na\nb for 1m\n}"))->conditions().size() == 2);
  const Viewed<WhenView> guard(step("when a > 1 for 3 of 5 samples blind pause then notify b \"c\" repeat every 9m"));
  CHECK(text_of(guard->condition()) == "a > 1");
  CHECK_FALSE(guard->for_duration());
  CHECK(text_of(as<SamplesView>(guard->samples())->window()) == "5");
  CHECK(guard->blind_response()->is(SyntaxKind::PauseOutcome));
  CHECK(guard->then_response()->is(SyntaxKind::Notify));
  CHECK(text_of(guard->repeat_every()) == "9m");
  CHECK(text_of(Viewed<WhenView>(step("when a for 3m then abort"))->for_duration()) == "3m");
  const Viewed<VerifyView> all(step("verify all of [a, b]"));
  CHECK(as<ListView>(all->all_of())->elements().size() == 2);
  const Viewed<VerifyView> named(step("verify \"n\" { require a } retry 2"));
  CHECK((named->name() && named->body() && named->retry()));
  CHECK(text_of(Viewed<VerifyView>(step("verify c(1)"))->check()) == "c(1)");
  const Viewed<EffectView> effect(step("irreversible a.b(1) undo { } else continue"));
  CHECK(text_of(effect->action()) == "a.b(1)");
  CHECK((effect->undo_block() && effect->modifier()));
  const Viewed<ParallelView> each(step("parallel each h in hs at most 3 { }"));
  CHECK(text_of(each->name()) == "h");
  CHECK(text_of(each->list()) == "hs");
  CHECK(text_of(each->at_most()) == "3");
  CHECK(Viewed<ParallelView>(step("parallel { a(1); { b(1) } }"))->branches().size() == 2);
  const Viewed<IfView> branch(step("if a { } else if b { }"));
  CHECK(branch->else_branch()->is(SyntaxKind::If));
}

TEST_CASE("views of gates and responses") {
  const Viewed<ApproveView> approve(step("approve \"Go\" by 2 of eng.all within 1h else abort"));
  CHECK(text_of(as<WhoView>(approve->who())->count()) == "2");
  CHECK(text_of(as<WhoView>(approve->who())->role()) == "eng.all");
  CHECK(text_of(approve->within()) == "1h");
  const Viewed<WhoView> single(step("approve \"Go\" by eng"));
  CHECK_FALSE(single->count());
  CHECK(text_of(single->role()) == "eng");
  const Viewed<ChecklistView> checklist(
      step("checklist \"c\" by r within 4h else abort { item \"i\" by q check c(1) }"));
  REQUIRE(checklist->items().size() == 1);
  CHECK(text_of(as<ItemView>(checklist->items()[0])->check()) == "c(1)");
  CHECK(checklist->else_response()->is(SyntaxKind::AbortOutcome));
  const Viewed<AskView> ask(step("ask dba \"q\" within 1h { \"a\" -> pause } else abort"));
  CHECK(text_of(ask->question()) == "\"q\"");
  REQUIRE(ask->answers().size() == 1);
  CHECK(as<AnswerView>(ask->answers()[0])->response()->is(SyntaxKind::PauseOutcome));
  const Viewed<NotifyView> notify(step("notify ops \"t\" severity warning ack within 5m else abort"));
  CHECK(text_of(notify->text()) == "\"t\"");
  CHECK(notify->severity()->is(SyntaxKind::KeywordWarning));
  CHECK(text_of(notify->ack_within()) == "5m");
  CHECK(notify->ack_else()->is(SyntaxKind::AbortOutcome));
  const Viewed<RollbackToOutcomeView> back(step("rollback to s and retry at most 3 after 10m else abort"));
  CHECK(text_of(back->stage()) == "s");
  CHECK(back->is_retry());
  CHECK(text_of(back->at_most()) == "3");
  CHECK(text_of(back->after()) == "10m");
  const Viewed<PauseOutcomeView> pause(step("pause \"why\" until a for 5m within 1h else abort"));
  CHECK(text_of(as<ConditionView>(pause->condition())->for_duration()) == "5m");
  CHECK(text_of(pause->within()) == "1h");
}

TEST_CASE("views of scenarios") {
  const Viewed<ScenarioView> scenario("scenario \"t\" of a.b(1) in w { approve all }\n");
  CHECK(text_of(scenario->rollout()) == "a.b(1)");
  CHECK(text_of(scenario->world()) == "w");
  CHECK(scenario->lines().size() == 1);
  const Viewed<SignalView> signal(line("up[\"a\"] = 5% from end of canary + 5m to 9m"));
  CHECK(signal->series().size() == 1);
  CHECK(text_of(signal->metric()) == "up");
  CHECK(text_of(signal->value()) == "5%");
  const auto from = as<PointView>(signal->from());
  CHECK(text_of(from->end_of()) == "canary");
  CHECK(from->terms().size() == 1);
  CHECK(text_of(signal->to()) == "9m");
  const Viewed<SlotsView> slots(line("m = slots(15s, [_, error x 2, 3 x 4])"));
  CHECK(text_of(slots->interval()) == "15s");
  REQUIRE(slots->slots().size() == 3);
  CHECK(as<SlotView>(slots->slots()[0])->is_empty());
  const auto error = as<SlotView>(slots->slots()[1]);
  CHECK((error->is_error() && !error->value()));
  CHECK(text_of(error->count()) == "2");
  CHECK(text_of(as<SlotView>(slots->slots()[2])->value()) == "3");
  const Viewed<ConsoleLineView> console(line("at canary + 5m rollback \"why\" by \"lee\""));
  CHECK(console->command()->is(SyntaxKind::KeywordRollback));
  CHECK(text_of(console->reason()) == "\"why\"");
  CHECK(text_of(console->by()) == "\"lee\"");
  const Viewed<WorldEffectView> effect(line("f(_) fails \"no\" 3 times from 5m"));
  CHECK(text_of(as<FailsView>(effect->fails())->times()) == "3");
  CHECK(text_of(effect->from()) == "5m");
  CHECK(as<ReturnsView>(Viewed<WorldEffectView>(line("f returns 3 then 0"))->returns())->values().size() == 2);
  const Viewed<ExpectOutcomeView> outcome(line("expect rolled back during canary within 5m"));
  CHECK(outcome->outcome() == "rolled back");
  CHECK(text_of(outcome->during()) == "canary");
  CHECK(text_of(outcome->within()) == "5m");
  const Viewed<ExpectTrafficView> traffic(line("expect traffic <= 25% at canary"));
  CHECK(traffic->comparison()->is(SyntaxKind::LessEqual));
  CHECK(text_of(traffic->share()) == "25%");
  const Viewed<ExpectNotifiedView> notified(line("expect not notified ops 2 times with \"x\""));
  CHECK(notified->is_negated());
  CHECK(text_of(notified->times()) == "2");
  CHECK(text_of(notified->text()) == "\"x\"");
  CHECK(text_of(Viewed<ExpectBeforeView>(line("expect a.b before c"))->second()) == "c");
  CHECK(text_of(Viewed<CrashView>(line("crash at 5m for 9m"))->for_duration()) == "9m");
}

}  // namespace rollout::grammar::test
