#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Publishes a fan whose speed can be set: a script that owns parameters and answers requests. Ends with SIGTERM.
set -eu
folder=$(mktemp -d)
publisher=
end() {
	[ -z "$publisher" ] || kill "$publisher" 2>/dev/null || true
	rm -rf "$folder"
}
trap end EXIT
trap 'exit 0' INT TERM
mkfifo "$folder/lines" "$folder/requests"

espalier-publish -n fan <"$folder/lines" >"$folder/requests" &
publisher=$!
exec 3>"$folder/lines" 4<"$folder/requests"

cat >&3 <<'LINES'
Device.X_EXAMPLE_Fan.Speed unsignedInt[0:100],rw 40
Device.X_EXAMPLE_Fan.Status string{Running,Stopped} Running

LINES

while read -r verb id path value <&4; do
	case "$verb $path" in
	"set Device.X_EXAMPLE_Fan.Speed")
		# Here the fan would be told.
		[ "$value" -gt 0 ] && status=Running || status=Stopped
		printf 'Device.X_EXAMPLE_Fan.Status string %s\nok %s\n' "$status" "$id" >&3
		;;
	*)
		printf 'fault %s 9003 the fan knows no %s\n' "$id" "$verb" >&3
		;;
	esac
done
