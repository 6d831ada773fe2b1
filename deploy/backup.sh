#!/bin/sh
# Dumps the database of PGHOST once a day, and keeps the last KEEP dumps. A failed dump leaves the older ones, and is tried again in an hour.
set -u
FOLDER="${FOLDER:-/var/lib/postgresql}"
KEEP="${KEEP:-7}"

dump() {
  name="$FOLDER/afterimage-$(date -u +%Y%m%dT%H%M%SZ)"
  pg_dump --format=custom --file="$name.part" && mv "$name.part" "$name.dump" || return 1
  echo "dumped $name.dump, $(wc -c < "$name.dump") bytes"
  ls -1 "$FOLDER"/afterimage-*.dump | head -n "-$KEEP" | while read -r old; do rm -- "$old"; done
}

rm -f "$FOLDER"/*.part
if [ "${1:-}" = once ]; then dump; exit; fi
trap 'exit 0' TERM INT
while :; do
  if dump; then pause=86400; else echo 'the database could not be dumped; trying again in an hour' >&2; pause=3600; fi
  sleep "$pause" & wait $!
done
