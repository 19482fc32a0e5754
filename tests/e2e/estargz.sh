#!/bin/sh
# An eStargz layer read by the library of lazy pullers: its table of contents has the digest that we
# say, every chunk is what the table says, and every file holds what its zip file did.
set -eu
skip() {
  echo "$*"
  exit 77
}

here=$(cd "$(dirname "$0")" && pwd)
: "${LAYER:=$here/../../build/tests/bench/bench_layer}"
: "${RAMEKIN_E2E:=$here/../../build/e2e}"
command -v go >/dev/null || skip "go is not installed"
mkdir -p "$RAMEKIN_E2E"
reader=$RAMEKIN_E2E/estargz-reader
work=$(mktemp -d "$RAMEKIN_E2E/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if [ ! -x "$reader" ] || [ -n "$(find "$here/estargz" -newer "$reader" -type f)" ]; then
  cd "$here/estargz"
  timeout 60 go mod download 2>"$work/log" || skip "the modules cannot be had: $(tail -n 1 "$work/log")"
  CGO_ENABLED=0 go build -mod=readonly -o "$reader" .
fi

cd "$work"
python3 - >expected <<'END'
import hashlib
import random
import zipfile

random.seed(1)
words = [random.randbytes(random.randint(2, 9)) for _ in range(500)]
rows = []
with zipfile.ZipFile("sample.zip", "w") as archive:
    for number, size in enumerate((0, 1, 100, 512, 5000, 70000, 1 << 20, 5 << 20, 16 << 20, (16 << 20) + 1)):
        data = (b"".join(random.choices(words, k=min(size, 50000) + 1)) * (size // 200000 + 1))[:size]
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            name = "folder/%d/%d" % (number, method)
            archive.writestr(name, data, method)
            rows.append((name, len(data), hashlib.sha256(data).hexdigest()))
rows.append((".no.prefetch.landmark", 1, hashlib.sha256(b"\x0f").hexdigest()))
for row in sorted(rows):
    print(*row)
END
"$LAYER" estargz layer sample.zip >summary
# shellcheck disable=SC2046 # numbers and digests
set -- $(cat summary)
"$reader" layer "$6" >found
diff expected found
[ "$(sha256sum <layer)" = "$5  -" ]
[ "$(gzip -dc <layer | sha256sum)" = "$4  -" ]
gzip -dc <layer | tar -tf - | tail -n 1 | grep -qx stargz.index.json

# and the reader looks: a byte of a chunk, another digest of the table
cp layer broken
printf '\377\377' | dd of=broken bs=1 seek=1000000 conv=notrunc status=none
for wrong in "broken $6" "layer $5"; do
  # shellcheck disable=SC2086 # two words
  if "$reader" $wrong >/dev/null 2>&1; then
    echo "the reader takes $wrong" >&2
    exit 1
  fi
done
