#!/bin/sh
# Makes public/fonts from the npm packages of Poppins and Manrope (both OFL-1.1).
# Needs node, python3 and a network; run it again only when the letters below change.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --silent --no-save --prefix "$work" @fontsource/poppins@5.3.0 @fontsource-variable/manrope@5.3.0
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install fonttools==4.68.0 brotli==1.2.0

# Basic Latin; the letters of Spanish, Portuguese and English; the signs that the screens use; the
# no-break space, the minus and the bullet of a hidden card number. What a font lacks (✓ √ ≤ ≥ in
# both, the arrows of Poppins) comes from the fallback face.
letters='áéíóúüñÁÉÍÓÚÜÑàâãçêôõÀÂÃÇÊÔÕ¿¡ªº°·–—‘’“”…×±−≤≥→←↑↓€%‰√✓•'

subset() { # package file, result, features
  "$work/venv/bin/pyftsubset" "$work/node_modules/$1" \
    --output-file="$root/public/fonts/$2" --flavor=woff2 \
    --unicodes="U+0020-007E,U+00A0" --text="$letters" \
    --layout-features="$3" --no-hinting --desubroutinize --name-IDs='' --notdef-outline
}

mkdir -p "$root/public/fonts"
subset @fontsource/poppins/files/poppins-latin-700-normal.woff2 poppins-700.woff2 kern
subset @fontsource/poppins/files/poppins-latin-800-normal.woff2 poppins-800.woff2 kern
subset @fontsource-variable/manrope/files/manrope-latin-wght-normal.woff2 manrope.woff2 kern,tnum,mark,ccmp
cp "$work/node_modules/@fontsource/poppins/LICENSE" "$root/public/fonts/OFL-poppins.txt"
cp "$work/node_modules/@fontsource-variable/manrope/LICENSE" "$root/public/fonts/OFL-manrope.txt"
wc -c "$root"/public/fonts/*.woff2
