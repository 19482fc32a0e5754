#!/bin/sh
# embed.sh FILE...: a C header that holds each file's text as `static const char NAME[]`.
set -eu
echo '#pragma once'
for file; do
  name=$(basename "$file" | tr . _)
  echo "static const char ${name}[] ="
  sed 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$/\\n"/' "$file"
  echo '    ;'
done
