#!/usr/bin/env bash
# Books that Debian ships as PDF, text and HTML, which tests of parsers read. They are unpacked into .cache/books and not installed, so that it works without root (with
# root the lists of packages are brought up to date) and on machines that leave documentation out. Prints the folder.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(debian-faq debian-faq-zh-cn debian-reference-zh-cn libreoffice-help-en-us)
folder=.cache/books

say() { printf 'books: %s\n' "$*" >&2; }

if [ ! -e "$folder/complete" ]; then
  rm -rf "$folder"
  mkdir -p "$folder/packages"
  if [ "$(id -u)" = 0 ]; then apt-get update -qq; fi
  say "fetching ${packages[*]}"
  # apt fetches as another user, who may not write here, and says so.
  (cd "$folder/packages" && apt-get download -qq "${packages[@]}" 2> /dev/null)
  for package in "$folder"/packages/*.deb; do dpkg-deb -x "$package" "$folder"; done
  rm -r "$folder/packages"
  find "$folder" \( -name '*.pdf.gz' -o -name '*.txt.gz' \) -type f -exec gunzip -q {} +
  touch "$folder/complete"
fi
echo "$PWD/$folder"
