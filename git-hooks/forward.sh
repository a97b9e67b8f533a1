#!/bin/sh
# Set by gastown, removed by `gt githooks remove`. Hands over to the hook of the folder that was configured.
before=@before@
[ ! -x "$before" ] || exec "$before" "$@"
