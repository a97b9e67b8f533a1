#!/bin/sh
# Set by gastown, removed by `gt githooks remove`. Wakes the town.
before=@before@
town=@town@
@run@
[ ! -x "$before" ] || "$before" "$@" || status=$?
[ ! -f "$town" ] || run post-merge >/dev/null 2>&1 </dev/null
exit "${status:-0}"
