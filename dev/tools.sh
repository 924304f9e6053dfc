#!/bin/sh
# Installs the named commands with apt-get where they are missing. Where a
# Debian package has another name than its command, COMMAND=PACKAGE; where it
# brings no command, FILE=PACKAGE, with * for what differs between machines.
set -eu
missing=
for tool in "$@"; do
	# shellcheck disable=SC2086 # a pattern
	case ${tool%%=*} in
	*/*) ls ${tool%%=*} >/dev/null 2>&1 && continue ;;
	*) { command -v "${tool%%=*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${tool%%=*}" ]; } && continue ;;
	esac
	missing="$missing ${tool#*=}"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
	echo "Please install:$missing" >&2
	exit 1
fi
# The tests start the servers that they need, on loopback: none is to start by
# itself.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
	trap 'rm -f "$policy"' EXIT
fi
apt-get update -q
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
