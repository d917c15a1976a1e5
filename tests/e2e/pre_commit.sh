#!/usr/bin/env bash
# The hooks of .pre-commit-hooks.yaml, run by Debian's pre-commit on a repository of plans: what passes, what is refused and
# what is said. ROLLOUT and ROLLOUTC name the commands to test (default: build/bin/).
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
rollout=$(readlink -f "${ROLLOUT:-build/bin/rollout}")
rolloutc=$(readlink -f "${ROLLOUTC:-build/bin/rolloutc}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  printf 'pre_commit: %s; it said:\n' "$1" >&2
  cat "$work/said" >&2
  exit 1
}

# Nothing of this machine's git and pre-commit: a home of its own, and the commands under the names that the hooks use.
mkdir "$work/bin" "$work/plans"
ln -s "$rollout" "$work/bin/rollout"
ln -s "$rolloutc" "$work/bin/rolloutc"
export HOME=$work PRE_COMMIT_HOME=$work/cache PATH=$work/bin:$PATH GIT_CONFIG_NOSYSTEM=1 LC_ALL=C.UTF-8
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
git config --global user.name "Ana"
git config --global user.email "ana@example.com"
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global --add safe.directory '*'
: >"$work/said"

# The hooks as they stand here, committed or not.
git clone --quiet --no-checkout --depth 1 "file://$root" "$work/hooks"
cp .pre-commit-hooks.yaml "$work/hooks/"
git -C "$work/hooks" add .pre-commit-hooks.yaml
git -C "$work/hooks" commit --quiet --allow-empty --message "The hooks under test"

cd "$work/plans"
git init --quiet
cat >.pre-commit-config.yaml <<END
repos:
  - repo: file://$work/hooks
    rev: $(git -C "$work/hooks" rev-parse HEAD)
    hooks:
      - id: rolloutc-fmt
      - id: rolloutc-check
      - id: rollout-test
END
pre-commit install >"$work/said" 2>&1 || fail "pre-commit could not be installed in the repository"

commit() {
  git add --all
  git commit --message "$1" >"$work/said" 2>&1
}
accepted() { commit "$1" || fail "$1: the commit was refused"; }
refused() { ! commit "$1" || fail "$1: the commit was accepted"; }
says() { grep -qF -- "$1" "$work/said" || fail "the output lacks \`$1\`"; }
# What a refused commit leaves behind is no part of the next case.
forget() { git reset --quiet --hard; }

cat >good.rollout <<'END'
rollout shop {
  stage canary { readonly run `true` }
}

scenario "all is well" of shop {
  expect succeeded
}
END
printf 'Plans of the shop.\n' >README.md
accepted "a clean plan"
says 'rolloutc check'
[ "$(grep -c 'Passed' "$work/said")" -eq 3 ] || fail "not all three hooks have passed"

printf 'Plans of the shop and of nobody else.\n' >README.md
accepted "a file that is no plan"
[ "$(grep -c 'no files to check' "$work/said")" -eq 3 ] || fail "a hook looked at a file that is no plan"

printf 'role engineers = ["ana", "bo"]\n' >team.rollout
accepted "a file of declarations, without a scenario"

printf 'rollout shop {\n  stage canary { traffic 5 }\n}\n' >wrong.rollout
refused "an error"
says 'wrong.rollout:2:26'
says 'error['
forget

printf 'rollout shop {\nstage canary {readonly run `true`}\n}\n' >untidy.rollout
refused "a plan that is not in style"
says 'files were modified by this hook'
[ "$(cat untidy.rollout)" = "$(printf 'rollout shop {\n  stage canary { readonly run `true` }\n}')" ] ||
  fail "the plan was not brought into style"
accepted "the same plan, as the hook left it"

sed 's/expect succeeded/expect rolled back/' good.rollout >failing.rollout
refused "a scenario that fails"
says 'all is well'
says 'expect rolled back'
forget

[ "$(git log --format=%s | wc -l)" -eq 4 ] || fail "the history is not that of the commits that were accepted"
printf 'pre-commit accepts and refuses what it should\n'
