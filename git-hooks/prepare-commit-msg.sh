#!/bin/sh
# Set by gastown, removed by `gt githooks remove`. Names the bead and the agent in a worker's commits.
before=@before@
town=@town@
@run@
[ ! -x "$before" ] || "$before" "$@" || exit
[ -f "$town" ] || exit 0
# Only the worktree of an agent has a configuration of its own.
[ -n "$GT_AGENT" ] || { [ -f .git ] && read -r _ folder <.git && [ -f "$folder/config.worktree" ]; } || exit 0
run prepare-commit-msg "$@" >/dev/null 2>&1 </dev/null
exit 0
