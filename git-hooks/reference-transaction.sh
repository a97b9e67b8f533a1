#!/bin/sh
# Set by gastown, removed by `gt githooks remove`. Wakes the town when a ledger or a queue was moved.
before=@before@
town=@town@
@run@
wake() {
  [ "$1" = committed ] && [ -f "$town" ] || return
  while read -r _ _ ref; do
    case $ref in
      refs/beads/* | refs/heads/mq/*)
        run reference-transaction >/dev/null 2>&1 </dev/null
        return
        ;;
    esac
  done
}
if [ -x "$before" ]; then
  refs=$(cat)
  feed() { [ -z "$refs" ] || printf '%s\n' "$refs"; }
  feed 2>/dev/null | "$before" "$@" || exit
  feed 2>/dev/null | wake "$1"
else
  wake "$1"
fi
exit 0
