#!/bin/sh
# Renders the pictures of the plugin catalogue, which takes no SVG, with a
# headless Chromium. Run it after a change of an .svg, and look at the result.
set -eu
cd "$(dirname "$0")"
browser=
for name in chromium chromium-browser google-chrome; do
	command -v "$name" >/dev/null && browser=$name && break
done
[ -n "$browser" ] || { echo "Please install chromium." >&2; exit 1; }
render() { # name, width, height
	"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --default-background-color=00000000 \
		--screenshot="$PWD/$1.png" --window-size="$2,$3" "file://$PWD/$1.svg" >/dev/null 2>&1
	[ -s "$1.png" ] || { echo "$1.png was not made." >&2; exit 1; }
}
render icon 256 256
render banner 1280 320
