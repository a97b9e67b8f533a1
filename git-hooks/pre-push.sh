#!/bin/sh
# Set by gastown, removed by `gt githooks remove`. Keeps workers from pushing past the merge queue, and lets the ledger go along.
before=@before@
town=@town@
@run@
feed() { cat; }
if [ -x "$before" ]; then
  refs=$(cat)
  feed() { [ -z "$refs" ] || printf '%s\n' "$refs"; }
  feed 2>/dev/null | "$before" "$@" || exit
fi
[ -f "$town" ] || exit 0
feed | run pre-push "$@"
# Anything but a plain no, such as a gt that is broken, lets the push through.
[ $? -ne @no@ ]
