#!/bin/sh
# install.sh SOURCE TARGET PLUGINS EXTRAS: core and plugins into an environment of their own, compiled,
# without what only installs. Versions are those of constraints.txt, with which the tests ran.
set -eu
source=$1 target=$2 plugins=$3 extras=$4

python3 -m venv "$target"
set -- "$source/core[$extras]"
for name in $plugins; do
    set -- "$@" "$source/plugins/$name"
done
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile \
    --constraint "$source/image/constraints.txt" "$@"
"$target/bin/python" -m pip check
"$target/bin/python" -m pip freeze --exclude-editable > "$target/packages.txt"
"$target/bin/python" -m pip uninstall --quiet --yes pip setuptools

# Tests and stubs of libraries serve nobody at run time. What must be where is tried by image-check.
find "$target" -type d \( -name tests -o -name test \) -path '*/site-packages/*' \
    -not -path '*/agente_hotelero*' -prune -exec rm -rf {} +
find "$target" -name '*.pyi' -delete
# Of telephone numbers form and zone are asked, never place or operator; of languages we speak three.
rm -rf "$target"/lib/python3*/site-packages/phonenumbers/geodata \
    "$target"/lib/python3*/site-packages/phonenumbers/carrierdata
find "$target"/lib/python3*/site-packages/babel/locale-data -name '*.dat' \
    -not -name 'root.dat' -not -name 'e[ns]*.dat' -not -name 'pt*.dat' -delete
# The file system is read-only later: what is compiled now need not be compiled at each start.
python3 -m compileall -q "$target/lib" || true
cp "$source/image/healthy.py" "$target/healthy.py"
