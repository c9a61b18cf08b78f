#!/usr/bin/env bash
# Keeps one comment of Plumbline on a pull request. Without the right to write,
# as for forks, it says so and leaves the summary to be read.
# Environment: REPORT (folder of the run), PULL (number), PAGE (address of the
# page, may be empty), GH_TOKEN, and what GitHub sets.
set -euo pipefail

marker="<!-- plumbline:${GITHUB_WORKFLOW:-}:${GITHUB_JOB:-} -->"
body=$(mktemp)
{
  echo "$marker"
  plumbline report "$REPORT" --format comment
  [ -z "${PAGE:-}" ] || printf '\n[The whole report](%s)\n' "$PAGE"
} >"$body"

api="repos/$GITHUB_REPOSITORY/issues"
old=$(gh api --paginate "$api/$PULL/comments" --jq ".[] | select(.body | startswith(\"$marker\")) | .id" 2>/dev/null | head -1 || true)
if [ -n "$old" ]; then
  gh api --method PATCH "$api/comments/$old" -F body=@"$body" >/dev/null && exit 0
else
  gh api --method POST "$api/$PULL/comments" -F body=@"$body" >/dev/null && exit 0
fi
echo "::notice title=Plumbline::no right to comment on this pull request; the summary of the job has the report"
