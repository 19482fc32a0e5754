#!/bin/sh
# embed.sh FILE...: a C header that holds each file's text as `static const char NAME[]`, as numbers
# because a literal may have 4095 characters.
set -eu
echo '#pragma once'
for file; do
  name=$(basename "$file" | tr . _)
  echo "static const char ${name}[] = {"
  od -An -v -td1 "$file" | sed 's/  */, /g; s/^, //; s/$/,/'
  echo '0};'
done
