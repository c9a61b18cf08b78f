#!/usr/bin/env bash
# Runs plumbline, writes the summary of the job and its annotations, and leaves
# the exit code to a later step, so that the report is uploaded whatever it is.
# Environment: ARGS, SARIF, BASELINE, WARN_ONLY, and what GitHub sets.
set -uo pipefail

dir="${RUNNER_TEMP:-/tmp}/plumbline-run-${GITHUB_RUN_ATTEMPT:-1}-$$"
args=()
[ -z "${ARGS:-}" ] || read -r -a args <<<"$ARGS"
[ -z "${BASELINE:-}" ] || args+=(--history "$BASELINE")

plumbline run --out "$dir" "${args[@]}"
code=$?

{
  echo "code=$code"
  [ ! -f "$dir/report.json" ] || {
    echo "report=$dir"
    echo "verdict=$(jq -r .outcome "$dir/report.json")"
    echo "failed-gates<<END_OF_GATES"
    jq -r '.findings[] | select(.gates and .outcome == "fail") | .claim' "$dir/report.json"
    echo "END_OF_GATES"
  }
} >>"$GITHUB_OUTPUT"

if [ -f "$dir/report.json" ]; then
  cat "$dir/report.md" >>"$GITHUB_STEP_SUMMARY"
  plumbline report "$dir" --format github
  [ "${SARIF:-false}" != true ] || plumbline report "$dir" --format sarif >plumbline.sarif
elif [ "${WARN_ONLY:-false}" = true ]; then
  echo "::warning title=Plumbline::no report was written (exit $code)"
fi
exit 0
