#!/usr/bin/env bash
# Makes test/documents/files from test/documents/sources. On Debian 12:
# apt-get install --no-install-recommends libreoffice-writer-nogui libreoffice-calc-nogui texlive-latex-base pandoc ghostscript qpdf groff
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
office() { soffice --headless --norestore "-env:UserInstallation=file://$work/office" --convert-to "$1" --outdir "$work" "$2" >/dev/null 2>&1; }

pdflatex -interaction=batchmode -output-directory "$work" sources/columns.tex >/dev/null
cp "$work/columns.pdf" files/two-columns.pdf
gs -q -sDEVICE=pdfwrite -o files/painted-by-rows.pdf sources/rows.ps
office 'odt' sources/handbook.html
office 'pdf:writer_pdf_Export' "$work/handbook.odt"
cp "$work/handbook.pdf" files/handbook.pdf
office 'docx' "$work/handbook.odt"
office 'doc' "$work/handbook.odt"
cp "$work/handbook.docx" files/handbook.docx
cp "$work/handbook.doc" files/old-office.doc
cp sources/handbook.html files/handbook.html
cp sources/notes.md files/notes.md
pandoc sources/notes.md -o files/notes.docx
iconv -f utf-8 -t latin1 > files/old-encoding.html <<'HTML'
<html><head><meta http-equiv="content-type" content="text/html; charset=iso-8859-1"><title>Grüße</title></head>
<body><p>Über den Fluß führt keine Brücke; wer hinüber will, fährt mit der Fähre nach Süden.</p></body></html>
HTML
gs -q -sDEVICE=pdfimage8 -r40 -o files/no-text.pdf "$work/columns.pdf"
gs -q -sDEVICE=png16m -r20 -dLastPage=1 -o files/picture.png "$work/columns.pdf"
qpdf --encrypt secret owner 256 -- "$work/columns.pdf" files/protected.pdf
qpdf --encrypt '' owner 256 --extract=n -- "$work/columns.pdf" files/may-not-be-copied.pdf
# A cross-reference table that is nowhere near where it is said to be, and a file that ends in its middle.
sed 's/^startxref$/startxref\n9/' files/painted-by-rows.pdf > files/wrong-xref.pdf
head -c 3000 "$work/columns.pdf" > files/truncated.pdf
(cd sources && zip -q -X "$work/archive.zip" notes.md handbook.html) && cp "$work/archive.zip" files/archive.zip
